#!/bin/sh
# The enclave's dependencies are trusted code. Fails if a crate is among them that does I/O or
# networking, or if the production build has the software TDX platform in it.
set -eu
cd "$(dirname "$0")/../.."

forbidden='^(tokio|tokio-.*|mio|async-std|smol|futures-util|hyper|hyper-.*|h2|http|http-body|reqwest|tower|tower-.*|axum|tonic|jsonrpsee|jsonrpsee-.*|tungstenite|tokio-tungstenite|quinn|quinn-.*|rustls|native-tls|openssl|socket2|signet-libmdbx|.*-libmdbx|.*mdbx-sys|rocksdb|alloy|alloy-provider|alloy-transport|alloy-transport-.*|alloy-rpc-client|alloy-rpc-types.*|alloy-contract|alloy-signer.*|alloy-network|clap|tracing-subscriber|metrics-exporter-.*|rcgen|dcap-qvl|tdx-quote)$'

names=$(cargo tree --locked --package prover-enclave --edges normal --prefix none --no-default-features | awk '{print $1}' | sort -u)
[ -n "$names" ] || { echo "check-deps: cargo tree printed nothing" >&2; exit 1; }

found=$(printf '%s\n' "$names" | grep -E "$forbidden" || true)
if [ -n "$found" ]; then
    echo "check-deps: the enclave must not depend on:" $found >&2
    exit 1
fi

features=$(cargo tree --locked --package prover-enclave --edges normal,features --no-default-features \
    --invert prover-quote --prefix none)
if printf '%s\n' "$features" | grep -q 'feature "software"'; then
    echo "check-deps: the production enclave has the software TDX platform in it" >&2
    exit 1
fi

echo "check-deps: $(printf '%s\n' "$names" | wc -l) crates, none forbidden"

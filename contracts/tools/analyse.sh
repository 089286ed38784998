#!/usr/bin/env bash
# Static analysis (slither) and symbolic checks (halmos) of staking: pinned versions in a temporary environment, which is removed at the
# end. Needs Python 3.9 or newer and `npm install`. Works on a copy: nothing here is changed.
#
#   tools/analyse.sh           both
#   tools/analyse.sh slither   what high or medium is found; fails if anything is
#   tools/analyse.sh halmos    rounding, and "the price never falls"; fails if one check does
#
# What slither would say beside that is left out where it is written down why, next to the line itself (`slither-disable-next-line`):
#   reentrancy-no-eth in FaultCourt and ProverRewards   the pool calls nobody but the rollup, for a number
#   incorrect-equality in Rollup                        counters and a time of its own, no balances
#   unused-return in Rollup._reportDispute              a revoked signer is refused when it is revoked again
#   divide-before-multiply in OperatorPool.thaw         exit shares are for what was moved, which is rounded: not for more
set -euo pipefail
cd "$(dirname "$0")/.."

SLITHER=0.11.6
HALMOS=0.3.3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "slither-analyzer==$SLITHER" "halmos==$HALMOS"
export PATH="$work/venv/bin:$PWD/node_modules/.bin:$PATH"

mkdir "$work/contracts"
cp -r src test tools foundry.toml package.json "$work/contracts"
ln -s "$PWD/node_modules" "$work/contracts/node_modules"
cd "$work/contracts"

slither() {
    forge build --skip test --force --build-info --ast
    command slither . --ignore-compile --foundry-out-directory out \
        --filter-paths 'node_modules|test/|src/(attestation/(?!ProverRegistry)|bridge|governance|l2|periphery)' \
        --exclude-low --exclude-informational --exclude-optimization --fail-medium
}

halmos() {
    # Its tests alone, with the tree that halmos reads.
    forge build --force --ast src/staking test/staking/SharePriceSymbolic.t.sol
    command halmos --match-contract SharePriceSymbolic
}

case "${1:-both}" in
    slither) slither ;;
    halmos) halmos ;;
    both)
        slither
        halmos
        ;;
    *)
        echo "usage: tools/analyse.sh [slither | halmos]" >&2
        exit 2
        ;;
esac

# Everything is built in one profile (release), so that a fresh clone compiles its dependencies
# once for the devnet, the tests and the benches.

CARGO      ?= cargo
NPM        ?= npm
# The devnet and the tests run the software TDX platform. A production enclave is built alone and
# without it: cargo build --release --locked -p prover-enclave
FEATURES   := --features prover-enclave/software,prover-tee/software
# Prints cleaner and isolates tests, but is not required: plain cargo runs the same tests.
NEXTEST    := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)
ARGS       ?=
# Foundry as pinned in contracts/package-lock.json; where npm has none for the platform, the one on PATH.
export PATH := $(CURDIR)/contracts/node_modules/.bin:$(PATH)

.PHONY: help devnet build contracts test test-rust test-solidity bench lint clean

help:
	@echo "make devnet   build and start everything on this machine (ARGS='--fresh' forgets old state)"
	@echo "make test     every test: Rust, Solidity, end to end"
	@echo "make bench    measure, print a table and write target/bench.json (ARGS=bridge: the bridge alone)"
	@echo "make lint     formatting, clippy, dependency rules"

devnet: build contracts
	@exec target/release/devnet $(ARGS)

build:
	$(CARGO) build --release --locked --workspace $(FEATURES)

# npm leaves this file behind once an install is complete.
contracts/node_modules/.package-lock.json: contracts/package.json contracts/package-lock.json
	cd contracts && $(NPM) ci --no-audit --no-fund
	@touch $@

tests/node_modules/.package-lock.json: tests/package.json tests/package-lock.json
	cd tests && $(NPM) ci --no-audit --no-fund
	@touch $@

contracts: contracts/node_modules/.package-lock.json
	cd contracts && forge build

test: test-solidity test-rust

test-solidity: contracts
	cd contracts && forge test --fuzz-seed 1

# The end-to-end tests start the real programs, so these are built too; with all targets at once,
# because tests switch on features of shared dependencies, which would otherwise be compiled twice.
test-rust: contracts tests/node_modules/.package-lock.json
	$(CARGO) build --release --locked --workspace --all-targets $(FEATURES)
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run --release --locked --workspace $(FEATURES)
else
	$(CARGO) test --release --locked --workspace $(FEATURES)
endif

bench: build contracts
	cd contracts && forge test --match-contract Gas
	@exec target/release/bench $(ARGS)

lint: contracts/node_modules/.package-lock.json
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --locked --workspace --all-targets $(FEATURES) -- -D warnings
	prover-tee/enclave/check-deps.sh
	cd contracts && forge fmt --check
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny check; \
	else echo "cargo-deny is not installed: licences and advisories not checked"; fi

clean:
	$(CARGO) clean
	rm -rf contracts/out contracts/cache contracts/node_modules tests/node_modules .devnet

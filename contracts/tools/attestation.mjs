// Writes bindings/attestation.json, the creation code of the contracts that judge quotes, from what `forge build` left in
// out/. `prover-tee check` and `doctor` run it on the operator's machine, so that their verdict is L1's. The test
// test/attestation/CommittedCode.t.sol fails while the file and the sources differ.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CONTRACTS = ["CollateralStore", "ProverRegistry", "QuoteVerifier"];

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

function creationCode(contract) {
  const artifact = JSON.parse(readFileSync(join(root, "out", `${contract}.sol`, `${contract}.json`), "utf8"));
  const { object, linkReferences } = artifact.bytecode;
  if (Object.keys(linkReferences ?? {}).length > 0) {
    throw new Error(`${contract} is not linked: its libraries must be internal`);
  }
  return object;
}

const code = Object.fromEntries(CONTRACTS.map((contract) => [contract, creationCode(contract)]));
writeFileSync(join(root, "bindings", "attestation.json"), `${JSON.stringify(code, null, 2)}\n`);

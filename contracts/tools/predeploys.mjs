// Writes bindings/predeploys.json, the runtime code of every L2 predeploy by address, from what `forge build` left in out/.
// The code is part of the L2 genesis: a change of this file is a change of every new chain's genesis hash. The test
// test/l2/Predeploys.t.sol fails while the file and the sources differ.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PREDEPLOYS = {
  "0x4200000000000000000000000000000000000006": "WETH9",
  "0x4200000000000000000000000000000000000007": "L2CrossDomainMessenger",
  "0x420000000000000000000000000000000000000f": "GasPriceOracle",
  "0x4200000000000000000000000000000000000010": "L2StandardBridge",
  "0x4200000000000000000000000000000000000011": "FeeVault",
  "0x4200000000000000000000000000000000000012": "OptimismMintableERC20Factory",
  "0x4200000000000000000000000000000000000015": "L1Block",
  "0x4200000000000000000000000000000000000016": "L2ToL1MessagePasser",
  "0x4200000000000000000000000000000000000019": "FeeVault",
  "0x4200000000000000000000000000000000000042": "L2PHA",
  "0xca11bde05977b3631167028862be2a173976ca11": "Multicall3",
};

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

function runtimeCode(contract) {
  const artifact = JSON.parse(readFileSync(join(root, "out", `${contract}.sol`, `${contract}.json`), "utf8"));
  const { object, immutableReferences } = artifact.deployedBytecode;
  if (Object.keys(immutableReferences ?? {}).length > 0) {
    throw new Error(`${contract} has immutables: a predeploy has no constructor that could set them`);
  }
  return object;
}

const code = Object.fromEntries(Object.entries(PREDEPLOYS).map(([address, contract]) => [address, runtimeCode(contract)]));
writeFileSync(join(root, "bindings", "predeploys.json"), `${JSON.stringify(code, null, 2)}\n`);

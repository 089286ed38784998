// Plants bugs in the staking contracts, one at a time, and shows the test that fails for each. A bug that no test notices is
// an error of the tests. Works on a copy in a temporary folder; needs `npm install` and nothing else.
//
//   node tools/mutations.mjs              all of them
//   node tools/mutations.mjs nonce slash  those whose name contains one of these words
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const VPHA = "src/token/VPHA.sol";
const PRICE = "src/staking/SharePrice.sol";
const TICKETS = "src/staking/Tickets.sol";
const POOL = "src/staking/OperatorPool.sol";
const BOND_WORD = "src/staking/Bond.sol";
const COURT = "src/staking/FaultCourt.sol";
const EMISSION = "src/staking/EmissionController.sol";
const REWARDS = "src/staking/ProverRewards.sol";
const ROLLUP = "src/rollup/Rollup.sol";
const REGISTRY = "src/attestation/ProverRegistry.sol";

// Test files that are run for a bug.
const STAKE = ["staking/VPHA.t.sol", "staking/VPHAInvariant.t.sol"];
const STAKE_INVARIANT = ["staking/VPHAInvariant.t.sol"];
const BOND = ["staking/OperatorPool.t.sol", "staking/StakingInvariant.t.sol"];
const BOND_INVARIANT = ["staking/StakingInvariant.t.sol"];
const FAULT = ["staking/FaultCourt.t.sol"];
const HOOK = ["rollup/Collateral.t.sol"];
const CONFLICT = ["rollup/Conflict.t.sol"];
const FINALITY = ["rollup/Finality.t.sol"];

/** [name, file, what is written there, what is written instead, tests]. The text occurs once in the file. */
const MUTATIONS = [
  // Those that the specification names. Invariants alone must find them.
  ["redeem rounds up", PRICE, "return shares * (totalAssets + 1) / (totalShares + 1);",
    "return (shares * (totalAssets + 1) + totalShares) / (totalShares + 1);", STAKE_INVARIANT],
  ["slash of active stake only", POOL, "taken * exiting / (active + exiting)", "taken > active ? taken - active : 0",
    BOND_INVARIANT],
  ["burn without paying out", VPHA, "if (assets != 0) asset.safeTransfer(to, assets);", "", STAKE_INVARIANT],
  ["missing nonce", POOL, "++pool.epoch;", "", BOND_INVARIANT],
  ["unstake leaves A unchanged", VPHA, "now_.assets -= assets;", "", STAKE_INVARIANT],
  ["exposure not released", BOND_WORD, "if (older_ == 0 || bond.olderLast() > finalizedIndex) return (bond, 0);",
    "if (finalizedIndex != type(uint256).max) return (bond, 0);", BOND_INVARIANT],

  // vPHA.
  ["deposit rounds up", PRICE, "return assets * (totalShares + 1) / (totalAssets + 1);",
    "return (assets * (totalShares + 1) + totalAssets) / (totalAssets + 1);", STAKE],
  ["mint rounds down", PRICE, "return (shares * (totalAssets + 1) + totalShares) / (totalShares + 1);",
    "return shares * (totalAssets + 1) / (totalShares + 1);", STAKE],
  ["price without the virtual share", PRICE, "return assets * (totalShares + 1) / (totalAssets + 1);",
    "return assets * totalShares / totalAssets;", STAKE],
  ["seizure leaves A unchanged", VPHA, "now_.assets -= assets.toUint96();", "", STAKE],
  ["claim leaves U unchanged", VPHA, "promised -= uint96(assets);", "", STAKE],
  ["cancel leaves U unchanged", VPHA, "promised -= assets;", "", STAKE],
  ["cancel at the old price", VPHA, "shares = SharePrice.sharesFor(assets, totalSupply(), now_.assets);\n        require(shares",
    "shares = assets;\n        require(shares", STAKE],
  ["rewards are counted twice", VPHA, "now_.unstreamed -= due;", "", STAKE],
  ["more streams than there is", VPHA, "uint96(FixedPointMathLib.min(rate * elapsed, now_.unstreamed))",
    "uint96(rate * elapsed)", STAKE],
  ["the price reads the balance", VPHA, "return _accrued().assets;",
    "return _accrued().assets + asset.balanceOf(address(this)) - stake.assets - stake.unstreamed - promised;", STAKE],
  ["a pause stops unstaking", VPHA, "require(assets != 0, NothingMoved());\n        uint256 unlockAt",
    "require(assets != 0 && !now_.paused, NothingMoved());\n        uint256 unlockAt", STAKE],
  ["anybody notifies rewards", VPHA, "require(msg.sender == emission, NotAllowed(msg.sender));", "", STAKE],
  ["rewards in less than a week", VPHA, "config.rewardDuration >= MIN_REWARD_DURATION", "config.rewardDuration != 0", STAKE],
  ["anybody seizes", VPHA, "require(msg.sender == operatorPool, NotAllowed(msg.sender));", "", STAKE],
  ["shares are sent to nobody", VPHA, "require(to != address(0), ZeroReceiver());\n        return super.transfer(", "return super.transfer(",
    STAKE],
  ["votes count blocks", VPHA, "return uint48(block.timestamp);", "return uint48(block.number);", ["staking/VPHAVotes.t.sol"]],

  // Tickets.
  ["a ticket is never locked", TICKETS, "require(block.timestamp >= ticket.unlockAt, TicketLocked(id, ticket.unlockAt));", "", STAKE],
  ["a ticket stays open", TICKETS, "delete book.places[place];", "", STAKE],
  ["a ticket of another serial", TICKETS, "ticket.serial != 0 && ticket.serial == id / PLACES", "ticket.serial != 0", STAKE],
  ["places are not limited", TICKETS, "require(open != type(uint32).max, TooManyTickets(PLACES));", "", STAKE],

  // Pools.
  ["exit shares are not void", POOL, "pool.exitShares = 0;\n", "\n", BOND],
  ["later exits dilute earlier ones", POOL, "exiting == 0 ? amount : amount * exitTotal / exiting", "amount", BOND],
  ["exposure is released early", BOND_WORD, "bond.olderLast() > finalizedIndex)", "bond.olderLast() > finalizedIndex + 1)", BOND],
  ["the newer part is released with the older", BOND_WORD, "if (last_ <= finalizedIndex) return", "if (last_ != 0) return", BOND],
  ["later exposure replaces earlier", BOND_WORD, "_fit(bond.newer() + units, 40)", "_fit(units, 40)", BOND],
  ["a part that is nothing hides the other", BOND_WORD, "if (older_ == 0) (older_, newer_, last_) = (newer_, 0, bond.last());", "", BOND],
  ["exposed bond thaws", POOL, "require(remaining >= exposure, Exposed(remaining, exposure));", "", BOND],
  ["exposure beyond the bond", POOL, "if ((stored.exposure() + units) * EXPOSURE_UNIT > stored.active()) {",
    "if (stored.exposure() * EXPOSURE_UNIT > stored.active()) {", BOND],
  ["a slash leaves exposure uncovered", POOL, "left * stored.newer() / active", "stored.newer()", BOND],
  ["one batch counts twice", POOL, "if (batchIndex <= stored.last() || batchIndex <= finalizedIndex) continue;", "", BOND],
  ["a final batch earns", POOL, " || batchIndex <= finalizedIndex) continue;", ") continue;", BOND],
  ["who has too little proves", POOL, " && stored.active() >= class_.minBond()", "", BOND],
  ["finishing leaves nothing for cases", POOL, "require(remaining >= pool.reserved, ReservedByCases(remaining, pool.reserved));", "",
    ["staking/OperatorPool.t.sol"]],
  ["a slash may revert", POOL, "taken = FixedPointMathLib.min(amount, active + exiting);", "taken = amount;", BOND],
  ["a slashed pool stays open", POOL, "stored = stored.close();", "", BOND],
  ["slashed stake is forgotten", POOL, "slashedUnpaid += taken;", "", BOND],
  ["anybody slashes", POOL, "function slash(address operator, uint256 amount) external override only(court)",
    "function slash(address operator, uint256 amount) external override", BOND],
  ["anybody reserves", POOL, "        only(rollup)\n", "", BOND],
  ["anybody sets parameters", POOL, "external override only(timelock) {\n        _setClass", "external override {\n        _setClass", BOND],

  // Cases.
  ["the exit is shorter than a case", COURT, "require(exitDelay >= needed, ExitTooShort(exitDelay, needed));", "", FAULT],
  ["an executed case still holds", COURT, "IOperatorPool(pool).releaseFromCase(case_.operator, case_.cap);\n    }\n\n    /// @inheritdoc IFaultCourt\n    function settle",
    "}\n\n    /// @inheritdoc IFaultCourt\n    function settle", BOND_INVARIANT],
  ["a closed case still holds", COURT, "emit CaseClosed(id, status);\n        IOperatorPool(pool).releaseFromCase(case_.operator, case_.cap);",
    "emit CaseClosed(id, status);", BOND_INVARIANT],
  ["bond that came later is liable", COURT, "taken = _take(id, case_.cap);",
    "taken = _take(id, case_.fault == Fault.OverturnedOutput ? _halfOf(case_.operator) : case_.cap);", FAULT],
  ["an exit halves the slash", COURT, "taken = _take(id, case_.cap);",
    "uint256 half = _halfOf(case_.operator);\n        taken = _take(id, case_.fault == Fault.OverturnedOutput && half < case_.cap ? half : case_.cap);",
    FAULT],
  ["two cases take less than they hold", COURT, "taken = _take(id, case_.cap);",
    "uint256 half = _halfOf(case_.operator);\n        taken = _take(id, case_.fault == Fault.OverturnedOutput && half < case_.cap ? half : case_.cap);",
    BOND_INVARIANT],
  ["the veto period is skipped", COURT, "require(block.timestamp >= case_.executableFrom, NotYet(id, case_.executableFrom));", "", FAULT],
  ["a case never ends", COURT, "require(block.timestamp < case_.deadline, TooLate(id, case_.deadline));\n        // Not", "// Not", FAULT],
  ["a veto at any time", COURT, "require(block.timestamp < case_.executableFrom, TooLate(id, case_.executableFrom));", "", FAULT],
  ["anybody vetoes", COURT, "external override only(council)", "external override", FAULT],
  ["anybody decides", COURT, "function uphold(uint256 id) external override only(timelock)", "function uphold(uint256 id) external override", FAULT],
  ["anybody reports equivocation", COURT, "address reporter) external override only(rollup) {", "address reporter) external override {", FAULT],
  ["a case is paid twice", COURT, "case_.status = Status.Settled;", "", FAULT],
  ["the reporter gets all", COURT, "* case_.recipientShare / BASIS_POINTS", "", FAULT],

  // Emission and rewards.
  ["emission without a cap", EMISSION, "FixedPointMathLib.min(dailyEmission(day), CAP - emitted - amount)", "dailyEmission(day)", ["staking/Emission.t.sol"]],
  ["a day is paid twice", EMISSION, "nextDay = day;", "", ["staking/Emission.t.sol"]],
  ["a day is paid before it is over", EMISSION, "day < over &&", "day <= over &&", ["staking/Emission.t.sol"]],
  ["rewards beyond the funds", REWARDS, "amount = FixedPointMathLib.min(account.owed, now_.available);",
    "amount = account.owed; now_.available += amount.toUint96();", ["staking/ProverRewards.t.sol"]],
  ["rewards do not stream", REWARDS, "FixedPointMathLib.min(streamRate * (block.timestamp - now_.accruedAt), now_.unstreamed)",
    "now_.unstreamed", ["staking/ProverRewards.t.sol"]],
  ["work is paid twice", REWARDS, "account.settled = work.toUint128();", "", ["staking/ProverRewards.t.sol"]],

  // What rollup and registry ask of collateral, and tell it.
  ["a batch reserves nothing", ROLLUP, "head = state;\n        IProverBonds(bonds).reserve(operators, index, state.finalized);", "head = state;",
    HOOK],
  ["an added proof reserves nothing", ROLLUP,
    "emit ProofsAdded(index, proofs);\n        IProverBonds(bonds).reserve(operators, index, state.finalized);",
    "emit ProofsAdded(index, proofs);", HOOK],
  ["the court is not told of an equivocation", ROLLUP,
    "IConflictListener(court).onEquivocation(operator, evidence, msg.sender);", "", HOOK],
  ["the court is not told of a dispute", ROLLUP,
    "IConflictListener(court).onDispute(operatorA, operatorB, evidence, msg.sender);", "", HOOK],
  ["an equivocation counts twice", ROLLUP, "require(!equivocated[signer], EquivocationKnown(signer));", "", CONFLICT],
  ["an equivocation is not remembered", ROLLUP, "equivocated[signer] = true;", "", CONFLICT],
  ["a dispute buries an equivocation", REGISTRY, "return (record.operator(), record.isRevoked());",
    "require(!record.isRevoked(), SignerIsRevoked(signer));\n        return (record.operator(), record.isRevoked());", CONFLICT],
  ["a dispute buries an equivocation and its slash", REGISTRY, "return (record.operator(), record.isRevoked());",
    "require(!record.isRevoked(), SignerIsRevoked(signer));\n        return (record.operator(), record.isRevoked());", HOOK],
  ["an equivocation revokes again", ROLLUP, "if (!revoked) IProverRegistry", "IProverRegistry", CONFLICT],
  ["a revoked signer answers for ever", REGISTRY, "require(block.timestamp < expiresAt + grace,",
    "require(record.isRevoked() || block.timestamp < expiresAt + grace,", CONFLICT],
  ["late proofs are accepted", ROLLUP, "require(block.timestamp < finalizableAt, ProofsTooLate(index, finalizableAt));", "", FINALITY],
  ["late proofs are accepted and paid", ROLLUP, "require(block.timestamp < finalizableAt, ProofsTooLate(index, finalizableAt));", "", HOOK],
  ["the last second is too late for proofs", ROLLUP, "require(block.timestamp < finalizableAt, ProofsTooLate(",
    "require(block.timestamp + 1 < finalizableAt, ProofsTooLate(", FINALITY],
  ["a prover without a bond registers", REGISTRY,
    "if (!IProverBonds(bonds).isEligible(msg.sender)) revert IProverBonds.NotEligible(msg.sender);", "", HOOK],
];

/** A copy of what staking needs, compiled fast: without the optimizer, and whatever the compiler warns of. */
function copy() {
  const folder = mkdtempSync(join(tmpdir(), "mutations-"));
  for (const path of ["src", "test/attestation", "test/base", "test/rollup", "test/staking", "tools/solc.mjs", "package.json"]) {
    cpSync(join(root, path), join(folder, path), { recursive: true });
  }
  // It needs the whole bridge, and finds none of these bugs.
  rmSync(join(folder, "test/staking/PortalReach.t.sol"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const settings = readFileSync(join(root, "foundry.toml"), "utf8")
    .replace(/^deny = .*$/m, "")
    .replace(/^optimizer = .*$/m, "optimizer = false");
  writeFileSync(join(folder, "foundry.toml"), settings);
  return folder;
}

/** Names of the tests of `files` that fail. Throws if nothing ran. */
function failures(folder, files) {
  const path = join(root, "node_modules", ".bin") + delimiter + process.env.PATH;
  const pattern = files.length === 1 ? `test/${files[0]}` : `test/{${files.join(",")}}`;
  const run = spawnSync("forge", ["test", "--json", "--fuzz-seed", "1", "--match-path", pattern], {
    cwd: folder,
    env: { ...process.env, PATH: path, FOUNDRY_PROFILE: "default" },
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const line = run.stdout.split("\n").find((text) => text.startsWith("{\"test/"));
  if (line === undefined) throw new Error(`no tests ran:\n${run.stdout}\n${run.stderr}`);
  return Object.entries(JSON.parse(line)).flatMap(([suite, { test_results: results }]) =>
    Object.entries(results)
      .filter(([, { status }]) => status === "Failure")
      .map(([test]) => `${suite.split(":")[1]}.${test.split("(")[0]}`),
  );
}

function plant(folder, file, from, to) {
  const path = join(folder, file);
  const source = readFileSync(path, "utf8");
  const parts = source.split(from);
  if (parts.length !== 2) throw new Error(`${file}: found ${parts.length - 1} times instead of once: ${from}`);
  writeFileSync(path, parts.join(to));
  return () => writeFileSync(path, source);
}

const words = process.argv.slice(2);
const chosen = MUTATIONS.filter(([name]) => words.length === 0 || words.some((word) => name.includes(word)));
const folder = copy();
let missed = 0;
try {
  const before = failures(folder, [...new Set(chosen.flatMap(([, , , , files]) => files))]);
  if (before.length > 0) throw new Error(`fails without any bug: ${before.join(", ")}`);
  for (const [index, [name, file, from, to, files]] of chosen.entries()) {
    let verdict;
    try {
      const heal = plant(folder, file, from, to);
      const failed = failures(folder, files);
      heal();
      verdict = failed.length > 0 ? `caught by ${failed[0]}${failed.length > 1 ? ` and ${failed.length - 1} more` : ""}` : "MISSED";
    } catch (error) {
      verdict = `BROKEN: ${error.message}`;
    }
    if (!verdict.startsWith("caught")) missed += 1;
    console.log(`${index + 1}/${chosen.length} ${name}: ${verdict}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(missed === 0 ? "Every bug is caught." : `${missed} not caught.`);
process.exitCode = missed === 0 ? 0 : 1;

// Moves ether and PHA to L2 and back with viem's op-stack actions, unmodified: all that they are told is a chain definition.
// usage: node bridge.mjs DEVNET_JSON PRIVATE_KEY        prints one line of JSON
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createPublicClient, createWalletClient, defineChain, erc20Abi, http, parseAbi, parseEther } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import {
  chainConfig,
  getL2TransactionHashes,
  getWithdrawals,
  publicActionsL1,
  publicActionsL2,
  walletActionsL1,
  walletActionsL2,
} from 'viem/op-stack'

const [file, key] = process.argv.slice(2)
const { l1, l2, contracts } = JSON.parse(readFileSync(file, 'utf8'))
const account = privateKeyToAccount(key)
const nativeCurrency = { name: 'Ether', symbol: 'ETH', decimals: 18 }

const l1Chain = defineChain({
  id: l1.chainId,
  name: 'L1',
  nativeCurrency,
  rpcUrls: { default: { http: [l1.rpc] } },
  contracts: { multicall3: { address: contracts.multicall3 } },
})
const at = (address) => ({ [l1.chainId]: { address } })
const l2Chain = defineChain({
  ...chainConfig,
  id: l2.chainId,
  name: 'L2',
  sourceId: l1.chainId,
  nativeCurrency,
  rpcUrls: { default: { http: [l2.rpc] } },
  contracts: {
    ...chainConfig.contracts,
    multicall3: { address: '0xcA11bde05977b3631167028862bE2a173976CA11' },
    portal: at(contracts.portal),
    l2OutputOracle: at(contracts.portal),
    l1StandardBridge: at(contracts.l1StandardBridge),
    l1CrossDomainMessenger: at(contracts.l1CrossDomainMessenger),
  },
})

const options = (chain) => ({ account, chain, transport: http(), pollingInterval: 200 })
const publicL1 = createPublicClient(options(l1Chain)).extend(publicActionsL1())
const publicL2 = createPublicClient(options(l2Chain)).extend(publicActionsL2())
const walletL1 = createWalletClient(options(l1Chain)).extend(walletActionsL1())
const walletL2 = createWalletClient(options(l2Chain)).extend(walletActionsL2())

const standardBridge = parseAbi([
  'function depositETHTo(address to, uint32 minGasLimit, bytes extraData) payable',
  'function depositERC20To(address l1Token, address l2Token, address to, uint256 amount, uint32 minGasLimit, bytes extraData)',
  'function withdrawTo(address l2Token, address to, uint256 amount, uint32 minGasLimit, bytes extraData) payable',
])
/** How OP's bridge calls ether on L2. */
const ether = '0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000'
const gas = 200_000
const receiver = '0x00000000000000000000000000000000000b0b01'

const mined = async (client, hash) => {
  const receipt = await client.waitForTransactionReceipt({ hash })
  assert.equal(receipt.status, 'success', `transaction ${hash}`)
  return receipt
}
/** Waits for a new block on L1. anvil's estimates are exact, and made for the next block alone: one later, gas may be short. */
const fresh = async () => {
  const start = await publicL1.getBlockNumber({ cacheTime: 0 })
  while ((await publicL1.getBlockNumber({ cacheTime: 0 })) === start) await new Promise((next) => setTimeout(next, 50))
}
const onL1 = async (send) => {
  await fresh()
  return mined(publicL1, await send())
}
const balance = (client, token, owner) =>
  token === ether
    ? client.getBalance({ address: owner })
    : client.readContract({ abi: erc20Abi, address: token, functionName: 'balanceOf', args: [owner] })

/** Waits for the L2 side of a deposit's transaction on L1. */
const arrived = async (receipt) => {
  const hashes = getL2TransactionHashes(receipt)
  assert.equal(hashes.length, 1)
  return mined(publicL2, hashes[0])
}

// The portal itself: a call of a contract on L2 that is paid for on L1.
const deposit = async () => {
  const before = await balance(publicL2, ether, receiver)
  const request = await publicL2.buildDepositTransaction({ mint: parseEther('2'), to: receiver })
  const receipt = await onL1(() => walletL1.depositTransaction(request))
  const l2Receipt = await arrived(receipt)
  const transaction = await publicL2.getTransaction({ hash: l2Receipt.transactionHash })
  assert.equal(transaction.type, 'deposit')
  assert.equal((await balance(publicL2, ether, receiver)) - before, parseEther('2'))
  return l2Receipt.transactionHash
}

const depositByBridge = async (functionName, args, value, l2Token, amount) => {
  const before = await balance(publicL2, l2Token, receiver)
  const call = { abi: standardBridge, address: contracts.l1StandardBridge, functionName, args, value }
  await arrived(await onL1(() => walletL1.writeContract(call)))
  assert.equal((await balance(publicL2, l2Token, receiver)) - before, amount)
}

const order = ['waiting-to-prove', 'ready-to-prove', 'waiting-to-finalize', 'ready-to-finalize', 'finalized']

/** Brings a withdrawal from its receipt on L2 to its end, and looks at its status at each stage. */
const finish = async (receipt, l1Token, amount) => {
  const [{ withdrawalHash }] = getWithdrawals(receipt)
  const seen = []
  const status = async (...expected) => {
    const status = await publicL1.getWithdrawalStatus({ receipt, targetChain: l2Chain })
    assert.ok(expected.includes(status), `${status} where one of ${expected} is right`)
    assert.ok(seen.length === 0 || order.indexOf(status) >= order.indexOf(seen.at(-1)), 'it never goes back')
    seen.push(status)
  }
  await status('waiting-to-prove', 'ready-to-prove')
  const { output, withdrawal } = await publicL1.waitToProve({ receipt, targetChain: l2Chain })
  await status('ready-to-prove')
  const proof = await publicL2.buildProveWithdrawal({ output, withdrawal })
  await onL1(() => walletL1.proveWithdrawal(proof))
  await status('waiting-to-finalize', 'ready-to-finalize')
  await publicL1.waitToFinalize({ targetChain: l2Chain, withdrawalHash })
  await status('ready-to-finalize')
  const before = await balance(publicL1, l1Token, receiver)
  await onL1(() => walletL1.finalizeWithdrawal({ targetChain: l2Chain, withdrawal }))
  await status('finalized')
  assert.equal((await balance(publicL1, l1Token, receiver)) - before, amount)
  return { withdrawalHash, seen }
}

const withdraw = async () => {
  const value = parseEther('0.5')
  const request = await publicL1.buildInitiateWithdrawal({ account, to: receiver, value })
  return finish(await mined(publicL2, await walletL2.initiateWithdrawal(request)), ether, value)
}

const withdrawByBridge = async (l2Token, l1Token, amount, value) => {
  const call = {
    abi: standardBridge,
    address: l2Chain.contracts.l2StandardBridge.address,
    functionName: 'withdrawTo',
    args: [l2Token, receiver, amount, gas, '0x'],
    value,
  }
  return finish(await mined(publicL2, await walletL2.writeContract(call)), l1Token, amount)
}

const l2Deposit = await deposit()
const one = parseEther('1')
await depositByBridge('depositETHTo', [receiver, gas, '0x'], one, ether, one)

const allow = {
  abi: erc20Abi,
  address: contracts.pha,
  functionName: 'approve',
  args: [contracts.l1StandardBridge, parseEther('30')],
}
await onL1(() => walletL1.writeContract(allow))
const pha = [contracts.pha, contracts.l2Pha]
await depositByBridge('depositERC20To', [...pha, receiver, parseEther('20'), gas, '0x'], 0n, contracts.l2Pha, parseEther('20'))
// Something to bring back.
const own = { functionName: 'depositERC20To', args: [...pha, account.address, parseEther('10'), gas, '0x'] }
await arrived(
  await onL1(() => walletL1.writeContract({ abi: standardBridge, address: contracts.l1StandardBridge, ...own })),
)

const withdrawals = [
  await withdraw(),
  await withdrawByBridge(ether, ether, parseEther('0.25'), parseEther('0.25')),
  await withdrawByBridge(contracts.l2Pha, contracts.pha, parseEther('7'), 0n),
]
console.log(JSON.stringify({ deposit: l2Deposit, withdrawals }))

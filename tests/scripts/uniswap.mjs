// Deploys Uniswap V2 as its authors published it, makes a pool and swaps against it.
// usage: node uniswap.mjs RPC_URL PRIVATE_KEY        prints one line of JSON
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { createPublicClient, createWalletClient, defineChain, http, parseEther } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

const require = createRequire(import.meta.url)
const [url, key] = process.argv.slice(2)
const account = privateKeyToAccount(key)
const transport = http(url)
const id = await createPublicClient({ transport }).getChainId()
const chain = defineChain({
  id,
  name: 'devnet',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: [url] } },
})
const client = createPublicClient({ chain, transport, pollingInterval: 200 })
const wallet = createWalletClient({ account, chain, transport })

const artifact = (path) => {
  const { abi, bytecode } = require(path)
  return { abi, bytecode: bytecode.startsWith('0x') ? bytecode : `0x${bytecode}` }
}
const factoryArtifact = artifact('@uniswap/v2-core/build/UniswapV2Factory.json')
const pairAbi = artifact('@uniswap/v2-core/build/UniswapV2Pair.json').abi
const routerArtifact = artifact('@uniswap/v2-periphery/build/UniswapV2Router02.json')
const wethArtifact = artifact('@uniswap/v2-periphery/build/WETH9.json')
const tokenArtifact = artifact('@uniswap/v2-periphery/build/ERC20.json')

const mined = async (hash) => {
  const receipt = await client.waitForTransactionReceipt({ hash })
  assert.equal(receipt.status, 'success', `transaction ${hash}`)
  return receipt
}
const deploy = async ({ abi, bytecode }, args) => {
  const receipt = await mined(await wallet.deployContract({ abi, bytecode, args }))
  return { address: receipt.contractAddress, abi }
}
const send = async (contract, functionName, args, value) =>
  mined(await wallet.writeContract({ ...contract, functionName, args, value }))
const read = (contract, functionName, args) => client.readContract({ ...contract, functionName, args })

const deadline = () => BigInt(Math.floor(Date.now() / 1000) + 600)

const weth = await deploy(wethArtifact, [])
const factory = await deploy(factoryArtifact, [account.address])
const router = await deploy(routerArtifact, [factory.address, weth.address])
const token = await deploy(tokenArtifact, [parseEther('1000000')])

await send(token, 'approve', [router.address, parseEther('1000000')])
await send(
  router,
  'addLiquidityETH',
  [token.address, parseEther('10000'), 0n, 0n, account.address, deadline()],
  parseEther('10'),
)
const pair = { address: await read(factory, 'getPair', [token.address, weth.address]), abi: pairAbi }
const [before0, before1] = await read(pair, 'getReserves')

// What the router promises for one ether is what the swap pays, to the wei.
const path = [weth.address, token.address]
const [, promised] = await read(router, 'getAmountsOut', [parseEther('1'), path])
const held = await read(token, 'balanceOf', [account.address])
const swap = await send(
  router,
  'swapExactETHForTokens',
  [promised, path, account.address, deadline()],
  parseEther('1'),
)
const gained = (await read(token, 'balanceOf', [account.address])) - held
assert.equal(gained, promised)

const [after0, after1] = await read(pair, 'getReserves')
assert.ok(after0 * after1 >= before0 * before1, 'the product of the reserves never falls')

console.log(
  JSON.stringify({
    factory: factory.address,
    pair: pair.address,
    token: token.address,
    gained: gained.toString(),
    swapBlock: Number(swap.blockNumber),
    reserves: [after0.toString(), after1.toString()],
  }),
)

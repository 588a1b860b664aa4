// Many peers at one PULL: time and memory to accept each, and what a message of one of them costs
// while the others are idle. The peers live in a process of their own.
//
// Usage: node --import tsx bench/connections.ts --help

import { countArg, main } from './support/args.ts'
import { countsArg, flags, TEXT, wordArg } from './support/flags.ts'
import { morePeersHint, mostPeers, peersCost } from './support/probes/index.ts'
import { Progress } from './support/progress.ts'
import { grouped, publish } from './support/sheet.ts'

const USAGE = `connections [--over ipc,tcp] [--peers 100,1000,10000] [--count 200000] [--out FILE]
  --over    ipc, tcp, zmtp
  --count   messages for each number
  --out     a JSON file for the table`

const OVER = ['ipc', 'tcp', 'zmtp'] as const
const OPTIONS = { over: TEXT, peers: TEXT, count: TEXT, out: TEXT } as const

await main(USAGE, async (args) => {
  const given = flags(args, OPTIONS)
  const count = countArg('--count', given.count ?? '200000')
  const wanted = countsArg('--peers', given.peers ?? '100,1000,10000', 11).sort((a, b) => a - b)
  const transports = (given.over ?? 'ipc,tcp').split(',').map((one) => wordArg('--over', one, OVER))
  const most = mostPeers()
  const steps = wanted.filter((peers) => peers <= most)
  const left = wanted.filter((peers) => peers > most)
  for (const peers of left) console.error(`left out: ${morePeersHint(peers)}`)
  const progress = new Progress(transports.length)
  const rows: string[][] = []
  for (const transport of steps.length > 0 ? transports : []) {
    for (const { peers, acceptUs, bytesEach, messageUs } of await peersCost(
      transport,
      steps,
      count,
    ))
      rows.push([
        transport,
        grouped(peers),
        acceptUs.toFixed(0),
        (bytesEach / 1024).toFixed(1),
        messageUs.toFixed(3),
      ])
    progress.done(transport)
  }
  progress.end()
  const head = ['over', 'peers', 'us to accept', 'KiB each', 'us a message']
  await publish({ tool: 'connections', head, rows }, given.out)
  return left.length > 0 ? 1 : 0
})

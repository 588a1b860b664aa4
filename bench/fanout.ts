// PUB to many SUBs, each in a process or thread of its own, beside native zeromq: messages
// published a second, none dropped, each of which reaches every subscriber.
//
// Usage: node --import tsx bench/fanout.ts --help

import { countArg, main } from './support/args.ts'
import { beside, times } from './support/beside.ts'
import { flags, sizesArg, TEXT } from './support/flags.ts'
import { overArg } from './support/over.ts'
import { grouped, publish } from './support/sheet.ts'

const USAGE = `fanout [--subscribers 8] [--over ipc|tcp|zmtp|threads] [--sizes 16,256,4096] [--count N]
  --over    ipc, tcp, zmtp: a process for each subscriber; threads: a worker thread (inproc)
  --count   messages published in a run, instead of 20000
  --rounds  runs of each row, instead of 5
  --out     a JSON file for the table`

const OPTIONS = {
  ...{ subscribers: TEXT, over: TEXT, sizes: TEXT, count: TEXT, rounds: TEXT, out: TEXT },
} as const

await main(USAGE, async (args) => {
  const given = flags(args, OPTIONS)
  const receivers = countArg('--subscribers', given.subscribers ?? '8')
  const { over, transport } = overArg(given.over)
  const count = countArg('--count', given.count ?? '20000')
  const jobs = sizesArg(given.sizes ?? '16,256,4096').map((size) => ({
    name: `${receivers} subscribers, ${over}, ${size} B`,
    spec: { pattern: 'pub-sub', sockets: 1, hops: 0, transport, receivers } as const,
    ...{ size, count },
  }))
  const found = await beside(jobs, countArg('--rounds', given.rounds ?? '5'))
  const rows = found.map(({ job, ours, native, ratio }) => [
    job.name,
    grouped(ours),
    grouped(ours * receivers),
    native === undefined ? '-' : grouped(native),
    times(ratio),
  ])
  const head = ['PUB to', 'published/s', 'delivered/s', 'native published/s', 'ratio']
  await publish({ tool: 'fanout', head, rows }, given.out)
  return 0
})

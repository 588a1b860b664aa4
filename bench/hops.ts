// What a device costs: PUSH -> streamer -> ... -> PULL with none, one, two and four devices on the
// way, beside libzmq's proxy in native zeromq. Each part has a process or thread of its own.
//
// Usage: node --import tsx bench/hops.ts --help

import { countArg, main, sizeArg } from './support/args.ts'
import { beside, times } from './support/beside.ts'
import { countsArg, flags, TEXT } from './support/flags.ts'
import { overArg } from './support/over.ts'
import { grouped, publish } from './support/sheet.ts'

const USAGE = `hops [--hops 0,1,2,4] [--over ipc|tcp|zmtp|threads] [--size 16] [--count N] [--rounds 5]
  --count   messages in a run, instead of 200000
  --out     a JSON file for the table`

const OPTIONS = {
  hops: TEXT,
  over: TEXT,
  size: TEXT,
  count: TEXT,
  rounds: TEXT,
  out: TEXT,
} as const

await main(USAGE, async (args) => {
  const given = flags(args, OPTIONS)
  const { over, transport } = overArg(given.over)
  const size = sizeArg(given.size ?? '16', 1)
  const count = countArg('--count', given.count ?? '200000')
  const jobs = countsArg('--hops', given.hops ?? '0,1,2,4', 0).map((hops) => ({
    name: `${hops} devices, ${over}, ${size} B`,
    spec: { pattern: 'push-pull', sockets: 1, hops, transport } as const,
    ...{ size, count },
  }))
  const found = await beside(jobs, countArg('--rounds', given.rounds ?? '5'))
  const first = found[0]?.ours ?? Number.NaN
  const rows = found.map(({ job, ours, native, ratio }) => [
    job.name,
    grouped(ours),
    job.spec.hops === 0 ? '-' : ((1e6 / ours - 1e6 / first) / job.spec.hops).toFixed(3),
    native === undefined ? '-' : grouped(native),
    times(ratio),
  ])
  const head = ['through', 'msg/s', 'us a hop', 'native msg/s', 'ratio']
  await publish({ tool: 'hops', head, rows }, given.out)
  return 0
})

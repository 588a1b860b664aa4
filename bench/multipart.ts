// What a frame costs: PUSH -> PULL with messages of 1 to 1,000 frames, beside native zeromq.
//
// Usage: node --import tsx bench/multipart.ts --help

import { countArg, main, sizeArg } from './support/args.ts'
import { beside, times } from './support/beside.ts'
import { countsArg, flags, TEXT } from './support/flags.ts'
import { overArg } from './support/over.ts'
import { grouped, publish } from './support/sheet.ts'

const USAGE = `multipart [--frames 1,2,10,100,1000] [--over ipc|tcp|zmtp|threads] [--size 16] [--count N]
  --count   frames in a run, instead of 500000
  --rounds  runs of each row, instead of 5
  --out     a JSON file for the table`

const OPTIONS = {
  ...{ frames: TEXT, over: TEXT, size: TEXT, count: TEXT, rounds: TEXT, out: TEXT },
} as const

await main(USAGE, async (args) => {
  const given = flags(args, OPTIONS)
  const { over, transport } = overArg(given.over)
  const size = sizeArg(given.size ?? '16', 1)
  const count = countArg('--count', given.count ?? '500000')
  const jobs = countsArg('--frames', given.frames ?? '1,2,10,100,1000').map((frames) => ({
    name: `${frames} frames of ${size} B, ${over}`,
    spec: { pattern: 'push-pull', sockets: 1, hops: 0, transport } as const,
    ...{ size, frames, count: Math.ceil(count / frames) },
  }))
  const found = await beside(jobs, countArg('--rounds', given.rounds ?? '5'))
  const rows = found.map(({ job: { name, frames = 1 }, ours, native, ratio }) => [
    name,
    grouped(ours),
    (1e9 / ours / frames).toFixed(1),
    native === undefined ? '-' : (1e9 / native / frames).toFixed(1),
    times(ratio),
  ])
  const head = ['messages', 'msg/s', 'ns a frame', 'native ns a frame', 'ratio']
  await publish({ tool: 'multipart', head, rows }, given.out)
  return 0
})

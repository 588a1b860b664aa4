// Many prefixes at one PUB: time to add one, memory of each, and what a message costs that matches
// one of them. Flat is good; growing with the number is not.
//
// Usage: node --import tsx bench/subscriptions.ts --help

import { countArg, main } from './support/args.ts'
import { countsArg, flags, TEXT } from './support/flags.ts'
import { subscriptionsCost } from './support/probes/index.ts'
import { Progress } from './support/progress.ts'
import { grouped, publish } from './support/sheet.ts'

const USAGE = `subscriptions [--prefixes 10,100,1000,10000,100000,1000000] [--count 200000] [--out FILE]
  --count   messages published for each number
  --out     a JSON file for the table`

const PREFIXES = '10,100,1000,10000,100000,1000000'
const OPTIONS = { prefixes: TEXT, count: TEXT, out: TEXT } as const

await main(USAGE, async (args) => {
  const given = flags(args, OPTIONS)
  const count = countArg('--count', given.count ?? '200000')
  const steps = countsArg('--prefixes', given.prefixes ?? PREFIXES)
  const progress = new Progress(steps.length)
  const rows: string[][] = []
  for (const prefixes of steps) {
    const { addSeconds, bytesEach, messageUs } = await subscriptionsCost(prefixes, count)
    const addUs = (addSeconds / prefixes) * 1e6
    rows.push([grouped(prefixes), addUs.toFixed(2), grouped(bytesEach), messageUs.toFixed(3)])
    progress.done(`${grouped(prefixes)} prefixes: ${messageUs.toFixed(2)} us a message`)
  }
  progress.end()
  const head = ['prefixes', 'us to add', 'bytes each', 'us a message']
  await publish({ tool: 'subscriptions', head, rows }, given.out)
  return 0
})

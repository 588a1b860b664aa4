// ZManager beside thread pools: the same task in as many threads, a handler that does nothing and one
// that keeps its thread busy for a millisecond. All are up at the same time and take turns, so that
// whatever else the machine does falls on all of them.
//
// Usage: node --import tsx bench/pools.ts --help

import { countArg, main } from './support/args.ts'
import { OVER, withBenchFiles } from './support/bench-manager.ts'
import { type Contestant, piscina, tinypool, zmanagers } from './support/contestants.ts'
import { FLAG, flags, TEXT, wordArg } from './support/flags.ts'
import { Progress } from './support/progress.ts'
import { grouped, publish } from './support/sheet.ts'
import { median } from './support/statistics.ts'

const USAGE = `pools [--workers 2] [--over inproc|ipc|tcp] [--count N] [--window 256] [--rounds 7] [--quick] [--json FILE]
  --count   tasks with the handler that does nothing, instead of 20000; a tenth with the other
  --window  tasks under way at a time, where who asks gets the result
  --quick   2 rounds of 2000 tasks
  --json    a file for the table, such as bench/results/pools.json`

const OPTIONS = {
  workers: TEXT,
  over: TEXT,
  count: TEXT,
  window: TEXT,
  rounds: TEXT,
  quick: FLAG,
  json: TEXT,
} as const
const HANDLERS = { nothing: 'does nothing', work: 'works 1 ms' } as const
const HEAD = ['handler', 'who', 'a second', 'slowest', 'fastest', 'beside piscina']

type Handler = keyof typeof HANDLERS

/** Rates of each contestant, by round. */
async function measure(
  contestants: readonly Contestant[],
  handler: Handler,
  count: number,
  rounds: number,
  progress: Progress,
): Promise<Map<string, number[]>> {
  const rates = new Map(contestants.map(({ name }) => [name, [] as number[]]))
  for (const { run } of contestants) await run(handler, Math.ceil(count / 4))
  for (let round = 0; round < rounds; round++) {
    const first = round % contestants.length
    for (const { name, run } of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      progress.step(`${HANDLERS[handler]}, ${name}`)
      const startedAt = performance.now()
      await run(handler, count)
      rates.get(name)?.push((count / (performance.now() - startedAt)) * 1000)
    }
    progress.done(`${HANDLERS[handler]}, round ${round + 1} of ${rounds}`)
  }
  return rates
}

function rowsOf(handler: Handler, rates: ReadonlyMap<string, readonly number[]>): string[][] {
  const base = rates.get('piscina') ?? []
  return [...rates].map(([name, each]) => [
    HANDLERS[handler],
    name,
    grouped(median(each)),
    grouped(Math.min(...each)),
    grouped(Math.max(...each)),
    `${median(each.map((rate, i) => rate / (base[i] as number))).toFixed(2)}x`,
  ])
}

await main(USAGE, async (args) => {
  const given = flags(args, OPTIONS)
  const workers = countArg('--workers', given.workers ?? '2')
  const over = wordArg('--over', given.over ?? 'inproc', OVER)
  const count = countArg('--count', given.count ?? (given.quick ? '2000' : '20000'), 10)
  const window = countArg('--window', given.window ?? '256')
  const rounds = countArg('--rounds', given.rounds ?? (given.quick ? '2' : '7'))
  const names = Object.keys(HANDLERS) as Handler[]
  const flows = names.map((handler) => ({ name: handler, handler, steps: 1 }))
  const progress = new Progress(rounds * names.length)
  const rows = await withBenchFiles(over, workers, flows, async ({ ini, handlers }) => {
    const contestants = [
      ...(await zmanagers(ini, names, window)),
      await piscina(handlers, workers, window),
      await tinypool(handlers, workers, window),
    ]
    const found: string[][] = []
    for (const handler of names) {
      const tasks = handler === 'work' ? Math.ceil(count / 10) : count
      found.push(...rowsOf(handler, await measure(contestants, handler, tasks, rounds, progress)))
    }
    for (const { close } of contestants) await close()
    return found
  })
  progress.end()
  await publish({ tool: 'pools', head: HEAD, rows }, given.json)
  return 0
})

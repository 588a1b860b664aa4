// ZManager from end to end: Subject -> workers in threads -> Integration Manager -> a subscriber,
// with a handler that does nothing and one that keeps its thread busy for a millisecond.
//
// Usage: node --import tsx bench/pipeline.ts --help

import { countArg, main } from './support/args.ts'
import { OVER, withBenchFiles } from './support/bench-manager.ts'
import { flags, TEXT, wordArg } from './support/flags.ts'
import { loadZmanager } from './support/library.ts'
import { grouped, publish } from './support/sheet.ts'

const USAGE = `pipeline [--workers 2] [--over inproc|ipc|tcp] [--count N] [--out FILE]
  --count   messages with the handler that does nothing, instead of 50000; a tenth with the other
  --out     a JSON file for the table`

const OPTIONS = { workers: TEXT, over: TEXT, count: TEXT, out: TEXT } as const
const QUIET_MS = 2000

interface Found {
  readonly rate: number
  readonly published: number
}

async function measure(file: string, count: number): Promise<Found> {
  const { ActionKey, ZManager } = await loadZmanager()
  const manager = ZManager.fromFile(file)
  await manager.start()
  const results = await manager.subscribe(ActionKey.of({ flow: 'Bench' })).ready()
  let published = 0
  const reading = (async () => {
    while (published < count) {
      await results.receive()
      published++
    }
  })().catch(() => {}) // closed below
  const startedAt = performance.now()
  for (let i = 0; i < count; i++) await manager.push('Bench', { i })
  await manager.drain()
  const seconds = (performance.now() - startedAt) / 1000
  const { done } = manager.totals()
  await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, QUIET_MS).unref())])
  await results.close()
  await manager.stop()
  return { rate: done / seconds, published }
}

await main(USAGE, async (args) => {
  const given = flags(args, OPTIONS)
  const workers = countArg('--workers', given.workers ?? '2')
  const over = wordArg('--over', given.over ?? 'inproc', OVER)
  const count = countArg('--count', given.count ?? '50000', 10)
  const rows: string[][] = []
  for (const [handler, name, messages] of [
    ['nothing', 'does nothing', count],
    ['work', 'works 1 ms', Math.ceil(count / 10)],
  ] as const) {
    const flow = { name: 'Bench', handler, steps: 1 }
    const { rate, published } = await withBenchFiles(over, workers, [flow], ({ ini }) =>
      measure(ini, messages),
    )
    console.error(`${name}: ${grouped(rate)} messages a second`)
    rows.push([
      `${name}, ${workers} workers, ${over}`,
      grouped(messages),
      grouped(rate),
      grouped(published),
    ])
  }
  await publish(
    { tool: 'pipeline', head: ['handler', 'messages', 'done/s', 'published'], rows },
    given.out,
  )
  return 0
})

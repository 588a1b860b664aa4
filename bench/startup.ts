// How fast the library is there, and how much it weighs: time to import, to the first message, and
// memory, in fresh processes without any loader, beside native zeromq. Measures dist/.
//
// Usage: node --import tsx bench/startup.ts --help

import { countArg, main } from './support/args.ts'
import { flags, TEXT } from './support/flags.ts'
import { nativeVersions } from './support/native.ts'
import { type Weight, weigh } from './support/probes/index.ts'
import { Progress } from './support/progress.ts'
import { publish } from './support/sheet.ts'
import { median } from './support/statistics.ts'

const USAGE = `startup [--rounds 7] [--count 100000] [--out FILE]
  --count   messages that are sent before memory under load is taken
  --out     a JSON file for the table`

const OPTIONS = { rounds: TEXT, count: TEXT, out: TEXT } as const

await main(USAGE, async (args) => {
  const given = flags(args, OPTIONS)
  const rounds = countArg('--rounds', given.rounds ?? '7')
  const count = countArg('--count', given.count ?? '100000')
  const native = !('missing' in (await nativeVersions()))
  const libraries = native ? (['zmanager', 'native'] as const) : (['zmanager'] as const)
  const found = new Map<string, Weight[]>(libraries.map((library) => [library, []]))
  const progress = new Progress(rounds)
  for (let round = 1; round <= rounds; round++) {
    for (const library of libraries) found.get(library)?.push(await weigh(library, count))
    progress.done(`round ${round}`)
  }
  progress.end()
  const rows = [...found].map(([library, weights]) => [library, ...columns(weights)])
  const head = [
    '',
    'import ms',
    'first message ms',
    'at rest MB',
    'under load MB',
    'idle socket KiB',
  ]
  await publish({ tool: 'startup', head, rows }, given.out)
  return 0
})

function columns(weights: readonly Weight[]): string[] {
  const middle = (key: keyof Weight, unit: number): string =>
    (median(weights.map((weight) => weight[key])) / unit).toFixed(1)
  return [
    middle('importMs', 1),
    middle('firstMessageMs', 1),
    middle('restBytes', 1e6),
    middle('loadBytes', 1e6),
    middle('idleSocketBytes', 1024),
  ]
}

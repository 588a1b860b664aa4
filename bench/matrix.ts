// The matrix: patterns over every transport at every size, zmanager beside native zeromq and what
// else there is, in the same run. Progress goes to stderr, a table and the verdict on the figures
// to reach to stdout, all runs as JSON and a chart as SVG to bench/results/.
//
// Parts live in processes (ipc, zmtp, tcp), worker threads (inproc-2) or one thread (inproc-1); they
// stay from run to run, so all are warm. Modes take turns, and ratios are taken between runs of the
// same round. Failed rows say why and make the exit code 1.
//
// Usage: node --import tsx bench/matrix.ts --help

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main } from './support/args.ts'
import { type Cell, measureCell } from './support/cell.ts'
import { cellsFor } from './support/cells.ts'
import { chart } from './support/chart.ts'
import { type Extras, FULL_AMOUNTS, measureExtras, QUICK_AMOUNTS } from './support/extras.ts'
import { judge } from './support/figures.ts'
import { about } from './support/machine.ts'
import { parse, USAGE, type Wanted } from './support/matrix-args.ts'
import { nativeVersions } from './support/native.ts'
import { Progress } from './support/progress.ts'
import { evaluate, nameOf, type Result, table } from './support/report.ts'
import { grouped, writeJson } from './support/sheet.ts'
import { compare, readVerdicts, verdictTable } from './support/verdicts.ts'

const PLANS = {
  quick: { warmSeconds: 0.3, targetSeconds: 0.25, limitMs: 5000, lastsMs: 95_000 },
  figures: { warmSeconds: 1, targetSeconds: 0.5, limitMs: 10_000, lastsMs: Infinity },
  all: { warmSeconds: 1, targetSeconds: 0.6, limitMs: 30_000, lastsMs: Infinity },
}

async function measure(
  wanted: Wanted,
  cells: readonly Cell[],
  progress: Progress,
): Promise<Result[]> {
  const { lastsMs, ...each } = PLANS[wanted.preset]
  const deadline = performance.now() + lastsMs
  const directory = mkdtempSync(join(tmpdir(), 'zmb-'))
  const results: Result[] = []
  try {
    for (const [i, cell] of cells.entries()) {
      const now = performance.now()
      const enoughAt = now + (deadline - now) / (cells.length - i)
      const { rounds } = wanted
      const step = (text: string): void => progress.step(`${nameOf(cell)}: ${text}`)
      const plan = { ...each, rounds, enoughAt, deadline, directory, progress: step }
      const rows = evaluate(await measureCell(cell, plan))
      for (const { mode, failed } of rows)
        if (failed !== undefined) progress.note(`${nameOf(cell)}: ${mode} failed: ${failed}`)
      progress.done(`${nameOf(cell)}: ${rows.map(inShort).join(', ')}`)
      results.push(...rows)
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  return results
}

function inShort({ mode, median: found, ratio }: Result): string {
  if (!found) return `${mode} failed`
  const times = ratio ? ` (${ratio.median.toFixed(1)}x)` : ''
  return `${mode} ${grouped(found.rate)}/s${times}`
}

async function weighAll({ preset, extras }: Wanted, progress: Progress): Promise<Extras> {
  if (!extras) return { failed: [] }
  const found = await measureExtras(preset === 'quick' ? QUICK_AMOUNTS : FULL_AMOUNTS, (text) =>
    progress.done(text),
  )
  for (const text of found.failed) progress.note(`failed: ${text}`)
  return found
}

await main(USAGE, async (args) => {
  const wanted = parse(args)
  const earlier = wanted.compare === undefined ? undefined : readVerdicts(wanted.compare)
  const native = await nativeVersions()
  if ('missing' in native) console.error(`native rows skipped: ${native.missing}`)
  const header = await about()
  const cells = cellsFor({ ...wanted, native: !('missing' in native) })
  const progress = new Progress(cells.length + (wanted.extras ? 3 : 0))

  const results = await measure(wanted, cells, progress)
  const extras = await weighAll(wanted, progress)
  progress.end()
  const verdicts = judge(results, extras)
  console.log(`${table(results)}\n\n${verdictTable(verdicts)}`)
  if (earlier) console.log(`\n${compare(verdicts, earlier)}`)
  const { out, ...asked } = wanted // where it lies says nothing of what was measured
  writeJson(`${out}.json`, { ...header, wanted: asked, results, extras, verdicts })
  writeFileSync(`${out}.svg`, chart(results))
  return results.some((row) => row.failed !== undefined) || extras.failed.length > 0 ? 1 : 0
})

// The matrix: PUSH -> PULL over every transport at every size, zmanager against native zeromq in
// the same run. Progress goes to stderr, one table to stdout, all runs as JSON to bench/results/.
//
// Sender and receiver live in two processes (ipc, tcp), two worker threads (inproc-2) or one
// thread (inproc-1); they stay from run to run, so both are warm. Modes take turns, and ratios are
// taken between runs of the same round. Failed rows say why and make the exit code 1.
//
// Usage: node --import tsx bench/matrix.ts [--quick] [--sizes 16,1024] [--runs 7] [--json file]

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { countArg, main, sizeArg, UsageError } from './support/args.ts'
import { measureCell, type Plan } from './support/cell.ts'
import { commit, machine, packageVersion } from './support/machine.ts'
import { nativeVersions } from './support/native.ts'
import { Progress } from './support/progress.ts'
import type { Mode } from './support/protocol.ts'
import { evaluate, NATIVE, type Result, table } from './support/report.ts'
import { LABELS, TRANSPORTS } from './support/transports.ts'

const USAGE = `matrix [--quick] [--sizes 16,1024] [--runs 7] [--json file]
  --quick   fewer and shorter runs, no 1 MiB messages: ends in under 2 minutes
  --sizes   message sizes in bytes, instead of 16,256,1024,4096,65536,1048576
  --runs    runs of each row, instead of 7 (quick: 3; fewer where time runs short)
  --json    file for all figures, instead of bench/results/matrix-<time>.json`

const QUICK_SIZES = [16, 256, 1024, 4096, 65536]
const SIZES = [...QUICK_SIZES, 1048576]
const QUICK = { runs: 3, targetSeconds: 0.3, limitMs: 5000, lastsMs: 105_000 }
const FULL = { runs: 7, targetSeconds: 0.6, limitMs: 15_000, lastsMs: Infinity }
const RESULTS = fileURLToPath(new URL('results', import.meta.url))

interface Wanted {
  readonly sizes: readonly number[]
  readonly runs: number
  readonly quick: boolean
  readonly json: string
}

function parse(args: string[]): Wanted {
  const { quick = false, sizes, runs, json } = options(args)
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '')
  return {
    quick,
    sizes: sizes?.split(',').map((text) => sizeArg(text, 1)) ?? (quick ? QUICK_SIZES : SIZES),
    runs: runs === undefined ? (quick ? QUICK : FULL).runs : countArg('--runs', runs),
    json: json ?? join(RESULTS, `matrix-${stamp}.json`),
  }
}

type Given = { quick?: boolean; sizes?: string; runs?: string; json?: string }

function options(args: string[]): Given {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args,
      options: { quick: { type: 'boolean' }, sizes: text, runs: text, json: text },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

async function measure(wanted: Wanted, modes: readonly Mode[]): Promise<Result[]> {
  const progress = new Progress()
  const { targetSeconds, limitMs, lastsMs } = wanted.quick ? QUICK : FULL
  const deadline = performance.now() + lastsMs
  const directory = mkdtempSync(join(tmpdir(), 'zmb-'))
  const results: Result[] = []
  let cellsLeft = TRANSPORTS.length * wanted.sizes.length
  try {
    for (const transport of TRANSPORTS) {
      for (const size of wanted.sizes) {
        const now = performance.now()
        const enoughAt = now + (deadline - now) / cellsLeft--
        const name = `${LABELS[transport]}, ${size} B`
        const step = (text: string): void => progress.step(`${name}: ${text}`)
        const plan: Plan = {
          runs: wanted.runs,
          targetSeconds,
          limitMs,
          enoughAt,
          deadline,
          directory,
          progress: step,
        }
        const cell = evaluate(await measureCell(transport, size, modes, plan))
        for (const row of cell) {
          if (row.failed !== undefined) progress.note(`${name}: ${row.mode} failed: ${row.failed}`)
        }
        progress.done(`${name}: ${cell.map(inShort).join(', ')}`)
        results.push(...cell)
      }
    }
  } finally {
    progress.end()
    rmSync(directory, { recursive: true, force: true })
  }
  return results
}

function inShort({ mode, median: found }: Result): string {
  return `${mode} ${found ? `${Math.round(found.rate / 1000)} k/s` : 'failed'}`
}

await main(USAGE, async (args) => {
  const wanted = parse(args)
  mkdirSync(dirname(wanted.json), { recursive: true })
  const native = await nativeVersions()
  const modes: Mode[] = ['zmanager await', 'zmanager try']
  if ('missing' in native) console.error(`native rows skipped: ${native.missing}`)
  else modes.push(NATIVE)

  const about = {
    time: new Date().toISOString(),
    machine: machine(),
    commit: commit(),
    library: 'sources through tsx',
    versions: { zmanager: packageVersion(), node: process.version, native },
    wanted,
  }
  const results = await measure(wanted, modes)
  console.log(table(results))
  writeFileSync(wanted.json, `${JSON.stringify({ ...about, results }, null, 2)}\n`)
  console.error(`all runs: ${wanted.json}`)
  return results.some((row) => row.failed !== undefined) ? 1 : 0
})

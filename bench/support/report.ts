// What a matrix found: medians and ratios by row, and the table for people.

import type { Row } from './cell.ts'
import type { Mode } from './protocol.ts'
import { median, spread } from './statistics.ts'
import { LABELS } from './transports.ts'

export const NATIVE: Mode = 'native await'

export interface Result extends Row {
  /** Medians over the runs; absent if there was no run. */
  readonly median?: {
    /** Messages a second. */
    readonly rate: number
    /** Million bytes a second. */
    readonly megabytes: number
    readonly cpuUs: number
    readonly rss: number
  }
  /** Half of (highest - lowest) rate, as a share of the median. */
  readonly spread?: number
  /** To native zeromq in the same round of the same cell. */
  readonly ratio?: {
    readonly median: number
    readonly lowest: number
    readonly highest: number
    readonly pairs: readonly number[]
  }
}

/** Adds medians and ratios to the rows of a cell. */
export function evaluate(rows: readonly Row[]): Result[] {
  const native = rows.find((row) => row.mode === NATIVE)
  return rows.map((row) => ({ ...row, ...summary(row), ...ratio(row, native) }))
}

function summary({ runs, size }: Row): Pick<Result, 'median' | 'spread'> {
  if (runs.length === 0) return {}
  const rate = median(runs.map((run) => run.rate))
  return {
    median: {
      rate,
      megabytes: (rate * size) / 1e6,
      cpuUs: median(runs.map((run) => run.cpuUs)),
      rss: median(runs.map((run) => run.rss)),
    },
    spread: spread(runs.map((run) => run.rate)),
  }
}

function ratio(row: Row, native: Row | undefined): Pick<Result, 'ratio'> {
  const rounds = Math.min(row.runs.length, native?.runs.length ?? 0)
  if (rounds === 0 || row.mode === NATIVE) return {}
  const rateOf = (of: Row | undefined, round: number): number => of?.runs[round]?.rate ?? Number.NaN
  const pairs = Array.from({ length: rounds }, (_, i) => rateOf(row, i) / rateOf(native, i))
  return {
    ratio: {
      median: median(pairs),
      lowest: Math.min(...pairs),
      highest: Math.max(...pairs),
      pairs,
    },
  }
}

const HEAD = [
  'transport',
  'size',
  'mode',
  'msg/s',
  'MB/s',
  'runs',
  'spread',
  'CPU us',
  'ratio to native',
]
const LEFT = new Set([0, 2, 8])

const NOTE = `spread: half of highest - lowest; CPU us: both sides, per message; ratio: median of the rounds.
In one thread messages move by reference. zmanager runs as sources through tsx.`

/** One line a row; failures say why below the table. */
export function table(results: readonly Result[]): string {
  const lines = [HEAD, ...results.map(columns)]
  const widths = HEAD.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)))
  const text = lines.map((line) =>
    line
      .map((cell, i) => (LEFT.has(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  const failures = results
    .filter((row) => row.failed !== undefined)
    .map((row) => `failed: ${LABELS[row.transport]}, ${row.size} B, ${row.mode}: ${row.failed}`)
  return [...text, '', NOTE, ...failures].join('\n')
}

function columns(row: Result): string[] {
  const name = [LABELS[row.transport], `${row.size} B`, row.mode]
  if (!row.median) return [...name, 'failed', '', '', '', '', '']
  const { rate, megabytes, cpuUs } = row.median
  return [
    ...name,
    `${Math.round(rate).toLocaleString('en-US')}${row.failed === undefined ? '' : ' !'}`,
    megabytes.toFixed(1),
    String(row.runs.length),
    `${((row.spread ?? 0) * 100).toFixed(0)} %`,
    cpuUs.toFixed(2),
    row.mode === NATIVE ? '1' : ratioText(row),
  ]
}

function ratioText({ ratio }: Result): string {
  if (!ratio) return '-'
  const { median: middle, lowest, highest } = ratio
  return `${short(middle)}x (${short(lowest)} - ${short(highest)})`
}

function short(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1)
}

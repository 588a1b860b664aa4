// What a matrix found: medians and ratios by row, and the table for people.

import type { Row } from './cell.ts'
import type { Mode } from './protocol.ts'
import { alignedTable } from './sheet.ts'
import { median, spread } from './statistics.ts'
import { LABELS } from './transports.ts'

export const NATIVE: Mode = 'native await'

export interface Ratio {
  readonly median: number
  readonly lowest: number
  readonly highest: number
  readonly pairs: readonly number[]
}

export interface Result extends Row {
  /** Medians over the runs; absent if there was no run. */
  readonly median?: {
    /** Messages, or round trips, a second. */
    readonly rate: number
    /** Million bytes a second. */
    readonly megabytes: number
    readonly cpuUs: number
    readonly rss: number
    /** Times of round trips, us. */
    readonly p50?: number
    readonly p99?: number
    readonly p999?: number
  }
  /** Half of (highest - lowest) rate, as a share of the median. */
  readonly spread?: number
  /** Rate to that of native zeromq in the same round of the same cell. */
  readonly ratio?: Ratio
  /** How many times shorter round trips are than native's, round by round. */
  readonly p50Ratio?: Ratio
  readonly p99Ratio?: Ratio
}

/** Adds medians and ratios to the rows of a cell. */
export function evaluate(rows: readonly Row[]): Result[] {
  const native = rows.find((row) => row.mode === NATIVE)
  return rows.map((row) => ({ ...row, ...summary(row), ...ratios(row, native) }))
}

function summary({ runs, size }: Row): Pick<Result, 'median' | 'spread'> {
  if (runs.length === 0) return {}
  const rate = median(runs.map((run) => run.rate))
  const trips = runs.flatMap(({ latency }) => (latency ? [latency] : []))
  return {
    median: {
      rate,
      megabytes: (rate * size) / 1e6,
      cpuUs: median(runs.map((run) => run.cpuUs)),
      rss: median(runs.map((run) => run.rss)),
      ...(trips.length > 0 && {
        p50: median(trips.map(({ p50 }) => p50)),
        p99: median(trips.map(({ p99 }) => p99)),
        p999: median(trips.map(({ p999 }) => p999)),
      }),
    },
    spread: spread(runs.map((run) => run.rate)),
  }
}

type Ratios = Pick<Result, 'ratio' | 'p50Ratio' | 'p99Ratio'>

function ratios(row: Row, native: Row | undefined): Ratios {
  if (!native || row.mode === NATIVE) return {}
  const ratio = pairwise(row, native, (run) => run.rate)
  const p50Ratio = pairwise(row, native, ({ latency }) => latency && 1 / latency.p50)
  const p99Ratio = pairwise(row, native, ({ latency }) => latency && 1 / latency.p99)
  return { ...(ratio && { ratio }), ...(p50Ratio && { p50Ratio }), ...(p99Ratio && { p99Ratio }) }
}

/** Of what `value` finds in the runs of the same round. */
export function pairwise(
  row: Row,
  other: Row,
  value: (run: Row['runs'][number]) => number | undefined,
): Ratio | undefined {
  const pairs = row.runs.flatMap((run, i) => {
    const [mine, theirs] = [value(run), other.runs[i] && value(other.runs[i])]
    return mine !== undefined && theirs !== undefined ? [mine / theirs] : []
  })
  if (pairs.length === 0) return undefined
  return {
    median: median(pairs),
    lowest: Math.min(...pairs),
    highest: Math.max(...pairs),
    pairs,
  }
}

export const HEAD: readonly string[] = [
  'pattern',
  'transport',
  'size',
  'mode',
  'msg/s',
  'MB/s',
  'runs',
  'spread',
  'CPU us',
  'p50 us',
  'p99 us',
  'ratio to native',
]
const LEFT = [0, 1, 3, 11]

const NOTE = `spread: half of highest - lowest; CPU us: all parts, per message; ratio: median of the rounds.
In one thread messages move by reference. req-rep: round trips one by one; dealer-router and queue:
round trips, up to 500 under way. raw is the socket alone, in messages of that size.`

/** One line a row; failures say why below the table. */
export function table(results: readonly Result[]): string {
  const failures = results
    .filter((row) => row.failed !== undefined)
    .map((row) => `failed: ${nameOf(row)}, ${row.mode}: ${row.failed}`)
  return [alignedTable(HEAD, results.map(columns), LEFT), '', NOTE, ...failures].join('\n')
}

export function nameOf({
  shape,
  transport,
  size,
}: Pick<Row, 'shape' | 'transport' | 'size'>): string {
  return `${shape}, ${LABELS[transport]}, ${size} B`
}

export function columns(row: Result): string[] {
  const name = [row.shape, LABELS[row.transport], `${row.size} B`, row.mode]
  if (!row.median) return [...name, 'failed', '', '', '', '', '', '', '']
  const { rate, megabytes, cpuUs, p50, p99 } = row.median
  return [
    ...name,
    `${Math.round(rate).toLocaleString('en-US')}${row.failed === undefined ? '' : ' !'}`,
    megabytes.toFixed(1),
    String(row.runs.length),
    `${((row.spread ?? 0) * 100).toFixed(0)} %`,
    cpuUs.toFixed(2),
    p50?.toFixed(1) ?? '',
    p99?.toFixed(1) ?? '',
    row.mode === NATIVE ? '1' : ratioText(row.ratio),
  ]
}

function ratioText(ratio: Ratio | undefined): string {
  if (!ratio) return '-'
  const { median: middle, lowest, highest } = ratio
  return `${short(middle)}x (${short(lowest)} - ${short(highest)})`
}

function short(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1)
}

// Results as Markdown tables, for the documentation.

import type { Verdict } from './figures.ts'
import type { About } from './machine.ts'
import { NATIVE, type Result } from './report.ts'
import type { Sheet } from './sheet.ts'
import { LABELS } from './transports.ts'
import { inAll, VERDICT_HEAD, verdictRow } from './verdicts.ts'

export type AnyResult = About &
  (Sheet | { readonly results: readonly Result[]; readonly verdicts: readonly Verdict[] })

/** The tables by the name of their place. */
export function tablesOf(result: AnyResult): [name: string, table: string][] {
  if ('tool' in result) return [[result.tool, markdown(result.head, result.rows)]]
  return [
    ['machine', machineText(result)],
    ['matrix', matrix(result.results)],
    ['verdict', verdicts(result.verdicts)],
  ]
}

/** The first `left` columns are words, the others figures. */
function markdown(head: readonly string[], rows: readonly (readonly string[])[], left = 1): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    line(head),
    line(head.map((_, i) => (i < left ? '---' : '---:'))),
    ...rows.map(line),
  ].join('\n')
}

function machineText({ time, machine, commit, library, versions }: About): string {
  const { cpu, cores, system, load } = machine
  const names = Object.entries(versions).map(([name, version]) =>
    typeof version === 'object' && version
      ? Object.entries(version)
          .map((pair) => pair.join(' '))
          .join(', ')
      : `${name} ${version}`,
  )
  return `Measured ${time.slice(0, 10)} on ${cpu}, ${cores} cores, ${system}, load ${load.toFixed(2)}; commit ${commit?.slice(0, 12) ?? 'unknown'}, ${library}; ${names.join(', ')}.`
}

/** A line for each pattern, transport and mode, a column for each size. */
function matrix(results: readonly Result[]): string {
  const sizes = [...new Set(results.map(({ size }) => size))].sort((a, b) => a - b)
  const lines = new Map<string, Map<number, Result>>()
  for (const row of results) {
    const name = [row.shape, LABELS[row.transport], row.mode].join(' | ')
    lines.set(name, (lines.get(name) ?? new Map()).set(row.size, row))
  }
  const head = ['pattern', 'transport', 'mode', ...sizes.map((size) => `${size} B`)]
  const rows = [...lines].map(([name, bySize]) => [
    ...name.split(' | '),
    ...sizes.map((size) => cell(bySize.get(size))),
  ])
  return markdown(head, rows, 3)
}

function cell(row: Result | undefined): string {
  if (!row) return ''
  if (!row.median) return 'failed'
  const { rate, p50, p99 } = row.median
  const ratio = row.mode === NATIVE || !row.ratio ? '' : ` (${row.ratio.median.toFixed(1)}x)`
  const trips = p50 === undefined ? '' : `, ${p50.toFixed(0)} / ${p99?.toFixed(0)} us`
  return `${short(rate)}${ratio}${trips}`
}

function short(rate: number): string {
  if (rate >= 1e6) return `${(rate / 1e6).toFixed(1)} M`
  return rate >= 1e3 ? `${(rate / 1e3).toFixed(rate < 1e4 ? 1 : 0)} k` : rate.toFixed(0)
}

function verdicts(all: readonly Verdict[]): string {
  return `${markdown(VERDICT_HEAD, all.map(verdictRow))}\n\n${inAll(all)}.`
}

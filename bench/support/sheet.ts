// A table of figures: printed for people, kept as JSON for the documentation (fill.ts).

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { about } from './machine.ts'

export interface Sheet {
  /** The tool's name, which is the name of its table in the documentation. */
  readonly tool: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Columns side by side; those in `left` are aligned to the left. */
export function alignedTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[] = [0],
): string {
  const lines = [head, ...rows]
  const widths = head.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)))
  const pad = (cell: string, i: number): string =>
    left.includes(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n')
}

/** The table of a tool on stdout and, with `out`, as JSON with machine, commit and versions. */
export async function publish(sheet: Sheet, out: string | undefined): Promise<void> {
  console.log(alignedTable(sheet.head, sheet.rows))
  if (out !== undefined) writeJson(out, { ...(await about()), ...sheet })
}

export function writeJson(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)
  console.error(`written: ${file}`)
}

export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

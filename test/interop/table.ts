// The results of the matrix as a table: printed at the end of a test file and, where INTEROP_TABLE
// names a text with the marks for it, written there.
import { readFileSync, writeFileSync } from 'node:fs'

export class Table {
  readonly #name: string
  #title: string
  readonly #rows = new Map<string, Map<string, string>>()
  readonly #columns: readonly string[]
  readonly #notes: string[] = []

  constructor(name: string, columns: readonly string[]) {
    this.#name = name
    this.#title = name
    this.#columns = columns
  }

  /** With the version of the peer. */
  entitle(title: string): void {
    this.#title = title
  }

  set(row: string, column: string, result: string): void {
    const cells = this.#rows.get(row) ?? new Map<string, string>()
    this.#rows.set(row, cells.set(column, result))
  }

  failures(column: string): number {
    return [...this.#rows.values()].filter((cells) => cells.get(column) === 'FAILS').length
  }

  skip(row: string, column: string, reason: string): void {
    if (!this.#notes.includes(reason)) this.#notes.push(reason)
    this.set(row, column, `skipped (${this.#notes.indexOf(reason) + 1})`)
  }

  toString(): string {
    const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
    const head = [this.#title, ...this.#columns]
    const rows = [...this.#rows].map(([name, cells]) =>
      line([name, ...this.#columns.map((column) => cells.get(column) ?? 'not tried')]),
    )
    const notes = this.#notes.map((note, i) => `(${i + 1}) ${note}`)
    const table = [line(head), line(head.map(() => '---')), ...rows].join('\n')
    return [table, ...notes].join('\n\n')
  }

  /** Prints it, and puts it between its marks in the text that INTEROP_TABLE names. */
  publish(): void {
    console.log(`\n${this}\n`)
    const path = process.env['INTEROP_TABLE']
    if (path === undefined) return
    const [begin, end] = [`<!-- ${this.#name} -->`, `<!-- /${this.#name} -->`]
    const text = readFileSync(path, 'utf8')
    const [from, to] = [text.indexOf(begin), text.indexOf(end)]
    if (from < 0 || to < from) throw new Error(`${path} has no marks ${begin} ${end}`)
    writeFileSync(path, `${text.slice(0, from)}${begin}\n\n${this}\n\n${text.slice(to)}`)
  }
}

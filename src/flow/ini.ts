// The ini scanner: text to sections and entries, in file order, with nothing lost or reordered.
// Knows DigitalPy's dialect (`;` comments at line start only, lists over several lines); must not
// know flows, mappings or types of values. A repeated section or key stays repeated.
import { ZmqError } from '../core/errors.ts'

/** A line of a section. Without `=` the whole line is the key and there is no value. */
export interface IniEntry {
  readonly key: string
  readonly value: string | undefined
  /** Counted from 1, as in all messages. */
  readonly line: number
}

export interface IniSection {
  /** What stands between the brackets, blanks included. */
  readonly name: string
  readonly line: number
  readonly entries: IniEntry[]
}

/** Something that was read, but probably not as it was meant. */
export interface IniWarning {
  readonly file: string
  readonly line: number
  readonly message: string
}

export interface IniFile {
  readonly sections: IniSection[]
  readonly warnings: IniWarning[]
}

type Line = { readonly text: string; readonly number: number }

/**
 * Reads a whole ini text; `file` is only named in messages. Throws EINVAL with file:line for an
 * entry before the first section, a header without name or `]`, and a list that is not closed.
 */
export function scanIni(text: string, file: string): IniFile {
  const sections: IniSection[] = []
  const warnings: IniWarning[] = []
  const lines = contentLines(text)
  for (const line of lines) {
    if (line.text.startsWith('[')) sections.push(readHeader(line, file, warnings))
    else owner(sections, line, file).entries.push(readEntry(line, lines, file))
  }
  return { sections, warnings }
}

/** The items of a list value, with or without its brackets. Empty items are left out. */
export function parseList(value: string): string[] {
  const inner = value.trim().replace(/^\[/, '').replace(/\]$/, '')
  return inner
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

// trim() also takes a byte order mark away.
function* contentLines(text: string): Generator<Line, undefined> {
  const lines = text.split(/\r\n?|\n/)
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim()
    if (line !== '' && !line.startsWith(';')) yield { text: line, number: index + 1 }
  }
}

function readHeader(line: Line, file: string, warnings: IniWarning[]): IniSection {
  const end = line.text.indexOf(']')
  if (end < 0) throw fault(file, line, `the header ${line.text} is not closed: add "]"`)
  const name = line.text.slice(1, end)
  if (name.trim() === '') throw fault(file, line, 'the header has no name: write [Name]')
  const trailing = line.text.slice(end + 1).trim()
  if (trailing !== '') {
    const message = `text after [${name}] is ignored: ${trailing}`
    warnings.push({ file, line: line.number, message })
  }
  return { name, line: line.number, entries: [] }
}

function owner(sections: IniSection[], line: Line, file: string): IniSection {
  const section = sections.at(-1)
  if (section) return section
  throw fault(file, line, `"${line.text}" stands before any section: add a [Name] line above`)
}

function readEntry(line: Line, lines: Iterator<Line>, file: string): IniEntry {
  const equals = line.text.indexOf('=')
  if (equals < 0) return { key: line.text, value: undefined, line: line.number }
  const key = line.text.slice(0, equals).trim()
  const value = line.text.slice(equals + 1).trim()
  const isOpen = value.startsWith('[') && !value.endsWith(']')
  return { key, value: isOpen ? readList(value, line, lines, file) : value, line: line.number }
}

// Lines count as separated even where a comma was forgotten. No item starts with `[`, so a line
// that does is the next header: the list before it was never closed.
function readList(first: string, opened: Line, lines: Iterator<Line>, file: string): string {
  const parts = [first]
  for (let next = lines.next(); !next.done; next = lines.next()) {
    if (next.value.text.startsWith('[')) break
    parts.push(next.value.text)
    if (next.value.text.endsWith(']')) return `[${parseList(parts.join(',')).join(', ')}]`
  }
  throw fault(file, opened, 'the list that starts here is not closed: add "]" after its last item')
}

function fault(file: string, line: Line, message: string): ZmqError {
  return new ZmqError('EINVAL', `${file}:${line.number}: ${message}`)
}

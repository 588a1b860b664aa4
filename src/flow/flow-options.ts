// Options of a flow: the lines `name = value` beside its steps. DigitalPy's parser ignores such
// lines, so a file with options still loads there. Must not know steps or files.
import { ActionKey } from '../topic/action-key.ts'
import { DECORATORS } from './decorators.ts'
import type { IniEntry } from './ini.ts'
import { nearest } from './near.ts'
import { DEFAULT_POLICY, type FlowPolicy, FORMATS } from './policy.ts'
import { attempt, type Warn } from './warnings.ts'

/** What the option lines of one flow say. */
export interface FlowOptions {
  readonly policy: FlowPolicy
  /** Where a message goes once when a step failed, before it ends as failed. */
  readonly catchKey?: ActionKey
}

type Value = string | number | ActionKey
type Option = {
  readonly sets: keyof FlowPolicy | 'catchKey'
  /** What to write instead of a value that is refused. */
  readonly advice: string
  /** Undefined refuses the value. */
  readonly read: (text: string) => Value | undefined
}

const OPTIONS: ReadonlyMap<string, Option> = new Map<string, Option>([
  ['delivery', oneOf('delivery', ['at-most-once', 'at-least-once'])],
  ['attempts', wholeNumber('attempts', 1, 'a whole number from 1')],
  ['timeout', wholeNumber('timeout', 0, 'whole milliseconds, 0 for no limit')],
  ['lease', wholeNumber('lease', 0, 'whole milliseconds, 0 for no limit')],
  ['wait', wholeNumber('wait', 0, 'whole milliseconds, 0 for no limit')],
  ['order_by', { sets: 'orderBy', advice: 'the name of a value', read: nameOfValue }],
  ['format', oneOf('format', FORMATS)],
  ['next', oneOf('next', ['flow', 'handler'])],
  ['catch', { sets: 'catchKey', advice: 'a key, Sender?Context?action', read: catchKey }],
])

/** Whether a line is an option: it has a value, and its name is no action key. */
export function isOption({ key, value }: IniEntry): boolean {
  return value !== undefined && !key.includes('?')
}

/**
 * Reads option lines; what is unknown or badly written warns and leaves the default. Names are
 * read without regard to case. Of two lines with one name the later counts, with a warning.
 */
export function readOptions(entries: readonly IniEntry[], warn: Warn): FlowOptions {
  const read = new Map<Option['sets'], Value>()
  for (const entry of entries) readOption(entry, read, warn)
  const { catchKey, ...policy } = Object.fromEntries(read) as Partial<FlowPolicy> & {
    catchKey?: ActionKey
  }
  const options = { policy: Object.freeze({ ...DEFAULT_POLICY, ...policy }) }
  return catchKey === undefined ? options : { ...options, catchKey }
}

function readOption(entry: IniEntry, read: Map<Option['sets'], Value>, warn: Warn): void {
  const name = entry.key.toLowerCase()
  const text = entry.value ?? ''
  const option = OPTIONS.get(name)
  if (!option) {
    const known = [...OPTIONS.keys()]
    const meant = nearest(name, known)
    const advice = meant ? `did you mean ${meant}?` : `use one of ${known.join(', ')}`
    warn(entry.line, `skipped: no option "${entry.key}", ${advice}`)
    return
  }
  const value = option.read(text)
  if (value === undefined) {
    warn(entry.line, `skipped: "${text}" is no ${name}, write ${name} = ${option.advice}`)
    return
  }
  if (read.has(option.sets)) warn(entry.line, `option ${name} replaces an earlier one`)
  read.set(option.sets, value)
}

function oneOf(sets: Option['sets'], words: readonly string[]): Option {
  return { sets, advice: words.join(' or '), read: (text) => words.find((word) => word === text) }
}

function wholeNumber(sets: Option['sets'], least: number, advice: string): Option {
  const read = (text: string) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    return Number.isSafeInteger(value) && value >= least ? value : undefined
  }
  return { sets, advice, read }
}

function nameOfValue(text: string): string | undefined {
  return text === '' || /\s/.test(text) ? undefined : text
}

function catchKey(text: string): ActionKey | undefined {
  const key = attempt(
    () => ActionKey.parse(text),
    0,
    () => {},
  )
  if (key?.toString() !== text || key.action === '') return undefined // more than a key, or no action
  return isMarker(key) || isNoWork(key) ? undefined : key
}

function isMarker({ action }: ActionKey): boolean {
  return action === 'Push' || action === 'done'
}

function isNoWork({ decorator }: ActionKey): boolean {
  return ['wait', 'control'].includes(DECORATORS.get(decorator) ?? '')
}

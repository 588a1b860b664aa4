// What a journal should give back: a model of its records, and its steps played on a real one.
import * as fc from 'fast-check'
import type { Journal } from '../../src/manager/journal/journal.ts'
import {
  ACCEPTED,
  BURIED,
  endedEntry,
  framesEntry,
  HEAD_BYTES,
  idEntry,
  REPLACED,
  TAKEN,
} from '../../src/manager/journal/journal-format.ts'
import { inHex, sample } from './journal-files.ts'

export type What = 'accept' | 'replace' | 'end' | 'bury' | 'take' | 'start'

export interface Step {
  readonly what: What
  readonly id: string
  readonly bytes: number
  /** Not waited for before the next one. */
  readonly together: boolean
}

export const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom<What>(
    'accept',
    'accept',
    'replace',
    'replace',
    'end',
    'bury',
    'take',
    'start',
  ),
  id: fc.constantFrom('a', 'b', 'c', 'd', 'ü', ''),
  bytes: fc.oneof(fc.nat(60), fc.nat(3000)),
  together: fc.boolean(),
})

/** A record that the journal was to write, and where it is in the file if nothing was moved. */
export interface Written {
  readonly what: What
  readonly id: string
  readonly frames: string[]
  readonly from: number
  readonly to: number
}

export interface Contents {
  /** Id, frames in hex, whether replaced, starts since. */
  readonly live: [string, string[], boolean, number][]
  readonly letters: [string, string[]][]
}

/** What is in a journal after these records. */
export function replay(records: readonly Written[]): Contents {
  const live = new Map<string, { frames: string[]; isReplaced: boolean; starts: number }>()
  const letters = new Map<string, string[]>()
  for (const { what, id, frames } of records) {
    if (what === 'start') for (const message of live.values()) message.starts++
    if (what === 'accept' || what === 'end' || what === 'bury') live.delete(id)
    if (what === 'bury' || what === 'take' || what === 'accept') letters.delete(id)
    if (what === 'bury') letters.set(id, frames)
    if (what === 'accept' || what === 'replace')
      live.set(id, { frames, isReplaced: what === 'replace', starts: 0 })
  }
  return {
    live: [...live].map(([id, { frames, isReplaced, starts }]) => [id, frames, isReplaced, starts]),
    letters: [...letters],
  }
}

/** What a journal gives back that was just opened. */
export async function recoveredFrom(journal: Journal): Promise<Contents> {
  const found: Contents = { live: [], letters: [] }
  for await (const { id, message } of journal.letters()) found.letters.push([id, inHex(message)])
  for await (const { id, message, isReplaced, starts } of journal.recovered())
    found.live.push([id, inHex(message), isReplaced, starts])
  return found
}

/** Whether the journal is to write a record for this step after those. */
function isWanted({ live, letters }: Contents, { what, id }: Step): boolean {
  const isLive = live.some((one) => one[0] === id)
  if (what === 'accept') return !isLive
  if (what === 'take') return letters.some((one) => one[0] === id)
  return isLive || what === 'bury' || what === 'start'
}

function sizeOf(what: What, id: string, message: Uint8Array[]): number {
  if (what === 'end') return endedEntry(id, 'done').size
  if (what === 'take') return idEntry(TAKEN, id).size
  if (what === 'start') return HEAD_BYTES
  const kind = { accept: ACCEPTED, replace: REPLACED, bury: BURIED }[what] as typeof ACCEPTED
  return framesEntry(kind, id, message).size
}

function act(journal: Journal, what: What, id: string, message: Uint8Array[]): Promise<void> {
  if (what === 'accept') return journal.accepted(id, message)
  if (what === 'replace') return journal.replaced(id, message)
  if (what === 'start') return journal.started()
  if (what === 'end') journal.ended(id, 'done')
  if (what === 'bury') journal.buried(id, message)
  if (what === 'take') journal.taken(id)
  return Promise.resolve()
}

/** Plays the steps, with those no record is written for, and resolves with all records then. */
export async function play(
  journal: Journal,
  steps: readonly Step[],
  written: Written[],
  played: (all: readonly Written[], isSure: boolean) => void = () => {},
): Promise<Written[]> {
  const all = [...written]
  const waiting: Promise<void>[] = []
  let end = journal.statistics().bytes
  for (const each of steps) {
    const { what, id: given, together } = each
    const id = what === 'start' ? '' : given
    const message = sample(`${id}${all.length}`, each.bytes)
    const isRecord = isWanted(replay(all), each)
    if (isRecord) {
      const to = end + sizeOf(what, id, message)
      const frames = ['end', 'take', 'start'].includes(what) ? [] : inHex(message)
      all.push({ what, id, frames, from: end, to })
      end = to
    } else if (what === 'accept') continue
    else if (what === 'take') await Promise.all(waiting.splice(0)) // a letter is taken by an accepted message once that is on file
    played(all, false)
    waiting.push(act(journal, what, id, message))
    if (!isRecord || together || ['end', 'bury', 'take'].includes(what)) continue
    await Promise.all(waiting.splice(0))
    played(all, true)
  }
  await Promise.all(waiting)
  return all
}

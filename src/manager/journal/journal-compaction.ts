// Compaction: what is live goes into a new file, which takes the journal's place. Appends go on
// meanwhile; what they bring is copied after, and only the last of it while they wait.
//
//   old  |header|dead|LIVE|dead|LIVE|dead| appended meanwhile |      copy, round by round
//   new  |header|LIVE|LIVE| appended ... |  --sync, rename, sync the folder--> the journal
//
// Of a message that was replaced only the newest record is copied, and where the first one was, its
// place: records keep their order, so that those of starts count for the same messages as before.

import type { JournalFile } from './journal-file.ts'
import {
  ACCEPTED,
  BURIED,
  ENDED,
  encodeEntry,
  HEADER_BYTES,
  idEntry,
  idOf,
  PLACED,
  REPLACED,
  STARTED,
  seal,
  TAKEN,
} from './journal-format.ts'
import type { Move, Place, Places } from './journal-places.ts'
import { type Found, Scan } from './journal-scan.ts'

/** Little enough to be copied while appends wait, bytes. */
const LAST_ROUND_BYTES = 256 * 1024
/** Appends may be faster than copying: then the rest, however much, is the last round. */
const MOST_ROUNDS = 20

export class Compaction {
  /** Of live messages, and of letters, by id; some have ended since. */
  readonly messages: Map<string, Move> = new Map()
  readonly letters: Map<string, Move> = new Map()
  readonly #old: JournalFile
  readonly #next: JournalFile
  readonly #live: Places
  readonly #buried: Places
  readonly #signal: AbortSignal
  #copied = HEADER_BYTES // of the old file, bytes

  /** `live` are messages, `buried` letters. */
  constructor(
    old: JournalFile,
    next: JournalFile,
    live: Places,
    buried: Places,
    signal: AbortSignal,
  ) {
    this.#old = old
    this.#next = next
    this.#live = live
    this.#buried = buried
    this.#signal = signal
  }

  /** Copies until little is left. Rejects when the signal is aborted. */
  async approach(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      await this.#copy()
      if (this.#old.end - this.#copied <= LAST_ROUND_BYTES) break
    }
    await this.#next.sync()
  }

  /** Copies the rest, while nothing is appended. */
  async finish(): Promise<void> {
    await this.#copy()
  }

  async #copy(): Promise<void> {
    const to = this.#old.end
    const scan = new Scan(this.#old.part(this.#copied, to))
    for await (const found of scan.chunks()) {
      this.#signal.throwIfAborted()
      await this.#take(found)
    }
    this.#copied = to
  }

  async #take(found: Found[]): Promise<void> {
    const records: Buffer[] = []
    let to = this.#next.end
    for (const each of found) {
      const record = this.#copyOf(each, to)
      if (!record) continue
      records.push(record)
      to += record.length
    }
    if (records.length === 0) return
    const batch = Buffer.concat(records)
    let at = 0
    for (const { length } of records) {
      seal(batch, at, length, this.#next.mark, this.#next.end + at)
      at += length
    }
    await this.#next.append(batch)
  }

  /** What goes to `to` of the new file for this record; undefined: nothing. */
  #copyOf({ kind, offset, bytes }: Found, to: number): Buffer | undefined {
    const id = idOf(bytes)
    if (kind === ACCEPTED || kind === REPLACED || kind === PLACED) {
      const isAgain = kind !== REPLACED && this.letters.delete(id)
      const record = this.#message(id, { kind, offset, bytes }, to)
      return record ?? (isAgain ? recordOf(TAKEN, id) : undefined)
    }
    let isWanted = kind === STARTED && this.messages.size > 0
    // An end, of any kind, is of use only where what it ends was copied before it came.
    if (kind === ENDED) isWanted = this.messages.delete(id)
    if (kind === TAKEN) isWanted = this.letters.delete(id)
    if (kind === BURIED) {
      isWanted = this.messages.delete(id)
      if (this.#buried.byId.get(id)?.offset === offset || this.letters.has(id)) isWanted = true
      if (isWanted) this.letters.set(id, { from: offset, to, first: to })
    }
    return isWanted ? bytes : undefined
  }

  #message(id: string, { kind, offset, bytes }: Found, to: number): Buffer | undefined {
    const isOf = (place: Place): boolean => place.offset === offset || place.first === offset
    const live = this.#live.byId.get(id)
    const place = live && isOf(live) ? live : this.#buried.byId.get(id)?.ends?.find(isOf)
    if (place?.offset === offset) {
      const first = kind === REPLACED ? this.messages.get(id)?.first : undefined
      this.messages.set(id, { from: offset, to, first: first ?? to })
      return bytes
    }
    if (!place) return undefined
    this.messages.set(id, { from: -1, to, first: to }) // the newest is yet to come
    return recordOf(PLACED, id)
  }
}

function recordOf(kind: typeof PLACED | typeof TAKEN, id: string): Buffer {
  const entry = idEntry(kind, id)
  const record = Buffer.allocUnsafe(entry.size)
  encodeEntry(entry, record, 0, 0, 0)
  return record
}

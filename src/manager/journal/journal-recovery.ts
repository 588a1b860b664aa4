// What a journal says when it is opened: which messages are live, which letters there are, what is
// damaged; and these messages themselves, read one after the other, so that memory holds few of them.

import { type FileHandle, open } from 'node:fs/promises'
import { ZmqError } from '../../core/errors.ts'
import type { Message } from '../../core/message.ts'
import type { JournalFile } from './journal-file.ts'
import {
  ACCEPTED,
  BURIED,
  CRASHED,
  ENDED,
  idOf,
  messageOf,
  PLACED,
  REPLACED,
  STARTED,
} from './journal-format.ts'
import type { Place } from './journal-places.ts'
import { type Damage, type Found, type Part, readRecord, Scan } from './journal-scan.ts'

/** A letter. */
export interface Buried {
  readonly id: string
  readonly message: Message
}

/** A message that was accepted and not ended. */
export interface Recovered extends Buried {
  /** It was put in the place of what was accepted. */
  readonly isReplaced: boolean
  /** How many times since then it was given back to be run again; this time not counted. */
  readonly starts: number
  /** How many crashes it was there at since then; this one, if it was one, counted too. */
  readonly crashes: number
}

/** Starts, and those after a crash. */
interface Starts {
  readonly all: number
  readonly crashes: number
}

const NONE: Starts = { all: 0, crashes: 0 }

export interface Recovery {
  /** By id, in the order the messages were accepted. */
  readonly live: Map<string, Place>
  /** By id, in the order the letters were buried. */
  readonly letters: Map<string, Place>
  /** Of live messages since their newest record, where there were some. */
  readonly starts: ReadonlyMap<Place, Starts>
  readonly damaged: readonly Damage[]
  readonly tail: Damage | undefined
}

/** Reads a journal through, and cuts its tail off: from now on it ends with a good record. */
export async function recover(file: JournalFile): Promise<Recovery> {
  const scan = new Scan(file.part())
  const reading = new Reading()
  for await (const chunk of scan.chunks()) for (const found of chunk) reading.take(found)
  const { damaged, goodEnd } = scan
  const left = file.end - goodEnd
  const found = { ...reading.end(), damaged }
  if (left === 0) return { ...found, tail: undefined }
  await file.truncate(goodEnd)
  await file.sync()
  return { ...found, tail: { offset: goodEnd, bytes: left } }
}

class Reading {
  readonly #live = new Map<string, Place>()
  readonly #letters = new Map<string, Place>()
  readonly #startsBefore = new Map<Place, Starts>() // its newest record, where there were some
  #starts = NONE

  take({ kind, offset, bytes }: Found): void {
    const id = idOf(bytes)
    if (kind === STARTED) {
      const { all, crashes } = this.#starts
      this.#starts = { all: all + 1, crashes: crashes + (id === CRASHED ? 1 : 0) }
      return
    }
    // A message with the id of a letter is the letter sent again.
    if (kind !== ENDED && kind !== REPLACED) this.#letters.delete(id)
    if (kind === ENDED || kind === BURIED) this.#live.delete(id)
    const place = { offset, size: bytes.length, first: offset }
    if (kind === BURIED) this.#letters.set(id, place)
    if (kind === ACCEPTED) this.#begin(id, place)
    if (kind === PLACED) this.#begin(id, { ...place, offset: -1 })
    if (kind === REPLACED) this.#replace(id, place)
  }

  end(): Pick<Recovery, 'live' | 'letters' | 'starts'> {
    const starts = new Map<Place, Starts>()
    for (const [id, place] of this.#live) {
      if (place.offset < 0) this.#live.delete(id) // what was to come is damaged
      const { all, crashes } = this.#startsBefore.get(place) ?? NONE
      const since = { all: this.#starts.all - all, crashes: this.#starts.crashes - crashes }
      if (since.all > 0) starts.set(place, since)
    }
    return { live: this.#live, letters: this.#letters, starts }
  }

  /** An id may come again: it takes its new place in the order. */
  #begin(id: string, place: Place): void {
    this.#live.delete(id)
    this.#live.set(id, place)
    if (this.#starts.all > 0) this.#startsBefore.set(place, this.#starts)
  }

  #replace(id: string, { offset, size }: Place): void {
    const place = this.#live.get(id)
    if (!place) return this.#begin(id, { offset, size, first: offset })
    Object.assign(place, { offset, size })
    if (this.#starts.all > 0) this.#startsBefore.set(place, this.#starts)
  }
}

/** A place as it was when the journal was opened: compactions move it. */
interface Kept {
  readonly place: Place
  readonly offset: number
  readonly size: number
}

/**
 * What a journal had when it was opened. It has the file open by itself, for a compaction may put
 * another in its place.
 */
export class Backlog {
  readonly #part: Part | undefined
  readonly #handle: FileHandle | undefined
  readonly #byFirst = new Map<number, Kept>()
  readonly #letters: readonly [string, Place][]
  readonly #starts: ReadonlyMap<Place, Starts>
  readonly #crashes: number // that are not on file yet
  #state: 'new' | 'read' | 'closed' = 'new'

  private constructor(
    part: Part | undefined,
    { live, letters, starts }: Recovery,
    wasCrash: boolean,
  ) {
    this.#crashes = wasCrash ? 1 : 0
    this.#part = part
    this.#handle = part?.handle
    for (const place of live.values()) {
      const { offset, size, first } = place
      this.#byFirst.set(first, { place, offset, size })
    }
    this.#letters = [...letters].map(([id, place]) => [id, { ...place }])
    this.#starts = starts
  }

  /** `wasCrash`: how the process before ended. */
  static async open(
    path: string,
    file: JournalFile,
    recovery: Recovery,
    wasCrash: boolean,
  ): Promise<Backlog> {
    const isEmpty = recovery.live.size + recovery.letters.size === 0
    const part = isEmpty ? undefined : { ...file.part(), handle: await open(path, 'r') }
    return new Backlog(part, recovery, wasCrash)
  }

  /** Oldest first. */
  async *letters(): AsyncGenerator<Buried> {
    if (this.#state !== 'new') throw over(this.#state)
    for (const [id, { offset, size }] of this.#letters) {
      const record = this.#part && (await readRecord(this.#part, offset, size))
      if (record) yield { id, message: messageOf(record) }
    }
  }

  /** Those that `isLive` says have not ended since, asked when their turn comes. */
  async *messages(isLive: (id: string, place: Place) => boolean): AsyncGenerator<Recovered> {
    if (this.#state !== 'new') throw over(this.#state)
    this.#state = 'read'
    try {
      if (this.#part && this.#byFirst.size > 0) yield* this.#read(this.#part, isLive)
    } finally {
      await this.close()
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#byFirst.clear()
    await this.#handle?.close()
  }

  /** The newest record of a message is looked up where it is not the one that has its place. */
  async *#read(
    part: Part,
    isLive: (id: string, place: Place) => boolean,
  ): AsyncGenerator<Recovered> {
    for await (const chunk of new Scan(part).chunks()) {
      for (const found of chunk) {
        const kept = this.#byFirst.get(found.offset)
        const id = kept && idOf(found.bytes)
        if (!kept || id === undefined || !isLive(id, kept.place)) continue
        const { place, offset, size } = kept
        const isHere = offset === found.offset
        const record = isHere ? found.bytes : await readRecord(part, offset, size)
        if (!record) continue
        const isReplaced = record[12] === REPLACED
        const { all: starts, crashes } = this.#starts.get(place) ?? NONE
        const counts = { starts, crashes: crashes + this.#crashes }
        yield { id, message: messageOf(record), isReplaced, ...counts }
      }
    }
  }
}

function over(state: string): ZmqError {
  const text = `What a journal recovered is read once, and this was ${state}: open it again`
  return new ZmqError('EFSM', text)
}

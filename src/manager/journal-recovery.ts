// What a journal says when it is opened: which messages are live, what is damaged; and the live
// messages themselves, read one after the other, so that memory holds few of them at a time.

import { type FileHandle, open } from 'node:fs/promises'
import { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import type { JournalFile } from './journal-file.ts'
import { idOf, messageOf } from './journal-format.ts'
import { type Damage, type Part, Scan } from './journal-scan.ts'

/** Where the record of a live message is. */
export interface Place {
  /** In the file; -1: not there yet. */
  offset: number
  /** Bytes of the record. */
  readonly size: number
}

/** A message that was accepted and not ended. */
export interface Recovered {
  readonly id: string
  readonly message: Message
}

export interface Recovery {
  /** By id, in the order the messages were accepted. */
  readonly live: Map<string, Place>
  readonly damaged: readonly Damage[]
  readonly tail: Damage | undefined
}

/** Reads a journal through, and cuts its tail off: from now on it ends with a good record. */
export async function recover(file: JournalFile): Promise<Recovery> {
  const live = new Map<string, Place>()
  const scan = new Scan(file.part())
  for await (const chunk of scan.chunks()) {
    for (const { offset, isAccepted, bytes } of chunk) {
      const id = idOf(bytes)
      live.delete(id) // an id may come again: it takes its new place in the order
      if (isAccepted) live.set(id, { offset, size: bytes.length })
    }
  }
  const { damaged, goodEnd } = scan
  const left = file.end - goodEnd
  if (left === 0) return { live, damaged, tail: undefined }
  await file.truncate(goodEnd)
  await file.sync()
  return { live, damaged, tail: { offset: goodEnd, bytes: left } }
}

/**
 * The messages that were live when a journal was opened. It has the file open by itself, for a
 * compaction may put another in its place.
 */
export class Backlog {
  readonly #handle: FileHandle | undefined
  readonly #part: Part | undefined
  readonly #places: ReadonlyMap<number, Place>
  #state: 'new' | 'read' | 'closed' = 'new'

  private constructor(part: Part | undefined, places: ReadonlyMap<number, Place>) {
    this.#handle = part?.handle
    this.#part = part
    this.#places = places
  }

  static async open(
    path: string,
    file: JournalFile,
    live: ReadonlyMap<string, Place>,
  ): Promise<Backlog> {
    const places = new Map([...live.values()].map((place) => [place.offset, place]))
    if (places.size === 0) return new Backlog(undefined, places)
    return new Backlog({ ...file.part(), handle: await open(path, 'r') }, places)
  }

  /** Those that `isLive` says have not ended since, asked when their turn comes. */
  async *messages(isLive: (id: string, place: Place) => boolean): AsyncGenerator<Recovered> {
    if (this.#state !== 'new') {
      const text = `What a journal recovered is read once, and this was ${this.#state}: open it again`
      throw new ZmqError('EFSM', text)
    }
    this.#state = 'read'
    try {
      if (!this.#part) return
      for await (const chunk of new Scan(this.#part).chunks()) {
        for (const { offset, bytes } of chunk) {
          const place = this.#places.get(offset)
          const id = place && idOf(bytes)
          if (place && id !== undefined && isLive(id, place)) {
            yield { id, message: messageOf(bytes) }
          }
        }
      }
    } finally {
      await this.close()
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    await this.#handle?.close()
  }
}

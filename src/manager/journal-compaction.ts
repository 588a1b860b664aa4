// Compaction: what is live goes into a new file, which takes the journal's place. Appends go on
// meanwhile; what they bring is copied after, and only the last of it while they wait.
//
//   old  |header|dead|LIVE|dead|LIVE|dead| appended meanwhile |      copy, round by round
//   new  |header|LIVE|LIVE| appended ... |  --sync, rename, sync the folder--> the journal

import type { JournalFile } from './journal-file.ts'
import { HEADER_BYTES, idOf, seal } from './journal-format.ts'
import { type Found, Scan } from './journal-scan.ts'

/** Little enough to be copied while appends wait, bytes. */
const LAST_ROUND_BYTES = 256 * 1024
/** Appends may be faster than copying: then the rest, however much, is the last round. */
const MOST_ROUNDS = 20

/** Where a record was, and where it is now. */
export interface Move {
  readonly from: number
  readonly to: number
}

export class Compaction {
  /** By id. */
  readonly moved: Map<string, Move> = new Map()
  readonly #old: JournalFile
  readonly #next: JournalFile
  readonly #isLive: (id: string, offset: number) => boolean
  readonly #signal: AbortSignal
  #copied = HEADER_BYTES // of the old file, bytes

  /** `isLive` tells whether the message accepted at this offset of `old` has not ended. */
  constructor(
    old: JournalFile,
    next: JournalFile,
    isLive: (id: string, offset: number) => boolean,
    signal: AbortSignal,
  ) {
    this.#old = old
    this.#next = next
    this.#isLive = isLive
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

  /** An end is of use only where its message was copied before it came. */
  async #take(found: Found[]): Promise<void> {
    const wanted = found.filter(({ isAccepted, offset, bytes }) => {
      const id = idOf(bytes)
      return isAccepted ? this.#isLive(id, offset) : this.moved.has(id)
    })
    if (wanted.length === 0) return
    const batch = Buffer.allocUnsafe(wanted.reduce((sum, { bytes }) => sum + bytes.length, 0))
    let at = 0
    for (const { offset, isAccepted, bytes } of wanted) {
      const to = this.#next.end + at
      batch.set(bytes, at)
      seal(batch, at, bytes.length, this.#next.mark, to)
      if (isAccepted) this.moved.set(idOf(bytes), { from: offset, to })
      at += bytes.length
    }
    await this.#next.append(batch)
  }
}

// The dead letters: messages that took too many workers with them, kept for people to look at and to
// send again.

import type { Envelope, Header, StepError } from '../topic/envelope.ts'

export interface DeadLetter {
  readonly header: Header
  /** Why it is here; code EWORKERLOST (its workers died) or ETIMEDOUT (they hung). */
  readonly error: StepError
  /** When it was put here, ms since the epoch. */
  readonly at: number
  /** How many workers died or hung while they were at it. */
  readonly times: number
}

/** A letter, and the body that its message had. */
export interface KeptLetter {
  readonly letter: DeadLetter
  readonly body: Uint8Array
}

export class DeadLetters {
  /** Letters that had to go because there was no room. */
  dropped = 0
  readonly #limit: number
  readonly #kept = new Map<string, KeptLetter>() // oldest first

  /** With `limit` letters the oldest goes when one comes in. */
  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#kept.size
  }

  /** Oldest first. */
  list(): DeadLetter[] {
    return [...this.#kept.values()].map(({ letter }) => letter)
  }

  /** The body is copied: received ones are parts of larger buffers. */
  add({ header, body }: Envelope, error: StepError, times: number): void {
    this.#kept.delete(header.id)
    const letter = { header, error, at: Date.now(), times }
    this.restore({ letter, body: Uint8Array.from(body) })
  }

  /** Takes a letter out, with its body; undefined if there is none of this id. */
  take(id: string): KeptLetter | undefined {
    const kept = this.#kept.get(id)
    this.#kept.delete(id)
    return kept
  }

  /** Puts back what was taken. */
  restore(kept: KeptLetter): void {
    this.#kept.set(kept.letter.header.id, kept)
    while (this.#kept.size > this.#limit) this.#dropOldest()
  }

  #dropOldest(): void {
    const [oldest] = this.#kept.keys()
    this.#kept.delete(oldest as string)
    this.dropped++
  }
}

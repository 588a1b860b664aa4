// The dead letters: messages that took too many workers with them, or that nothing here can run any
// more, kept for people to look at and to send again.

import { ZmqError } from '../core/errors.ts'
import type { Envelope, Header, StepError } from '../topic/envelope.ts'

export interface DeadLetter {
  readonly header: Header
  /**
   * Why it is here; code EWORKERLOST (its workers died), ETIMEDOUT (they hung), or ENOENT (a journal
   * had it, and its version of the flow is not loaded).
   */
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

/** Where letters outlive the process. */
export interface LetterKeeper {
  added(kept: KeptLetter): void
  /** It was sent again, or had to go because there was no room. */
  taken(id: string): void
}

export class DeadLetters {
  /** Letters that had to go because there was no room. */
  dropped = 0
  /** Told of what comes and goes from now on. */
  keeper: LetterKeeper | undefined
  readonly #limit: number
  readonly #kept = new Map<string, KeptLetter>() // oldest first
  readonly #again = new Set<string>() // sent again, and not there yet

  /** With `limit` letters the oldest goes when one comes in. */
  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#kept.size
  }

  /** Whether the next one takes the place of another. */
  get isFull(): boolean {
    return this.#kept.size >= this.#limit
  }

  has(id: string): boolean {
    return this.#kept.has(id)
  }

  /** Oldest first. */
  list(): DeadLetter[] {
    return [...this.#kept.values()].map(({ letter }) => letter)
  }

  /** The body is copied: received ones are parts of larger buffers. */
  add({ header, body }: Envelope, error: StepError, times: number): void {
    this.#kept.delete(header.id)
    const letter = { header, error, at: Date.now(), times }
    const kept = { letter, body: Uint8Array.from(body) }
    this.keeper?.added(kept)
    this.restore(kept)
  }

  /**
   * Has `send` send a letter again; it is a letter no more when that resolves, and again if it
   * rejects. Rejects with ENOENT if there is none of this id.
   */
  async sendAgain(id: string, send: (kept: KeptLetter) => Promise<void>): Promise<void> {
    const kept = this.#kept.get(id)
    if (!kept) {
      const text = `No dead letter has the id '${id}': "zmanager dead list" shows the ${this.size} there are`
      throw new ZmqError('ENOENT', text)
    }
    this.#kept.delete(id)
    this.#again.add(id)
    try {
      await send(kept)
    } catch (error) {
      this.#again.delete(id)
      if (!this.#kept.has(id)) this.restore(kept)
      throw error
    }
    if (!this.#kept.has(id)) this.keeper?.taken(id) // else it died once more
  }

  /** A message came in. Whether it is a letter sent again: it is not to be refused, or it would be lost. */
  arrived(id: string): boolean {
    return this.#again.delete(id)
  }

  /** A message of this id came in, and is on file: it is the letter, sent again by somebody else. */
  forget(id: string): void {
    this.#kept.delete(id)
  }

  /** Puts back what is known to the keeper. */
  restore(kept: KeptLetter): void {
    this.#kept.set(kept.letter.header.id, kept)
    while (this.#kept.size > this.#limit) this.#dropOldest()
  }

  #dropOldest(): void {
    const [oldest] = this.#kept.keys()
    this.#kept.delete(oldest as string)
    this.keeper?.taken(oldest as string)
    this.dropped++
  }
}

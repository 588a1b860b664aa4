// What the draft sockets share (RFC 41, 48, 49, 51, 52): a message is one frame. Sending more is
// EINVAL; what a peer sends otherwise is discarded whole and counted as malformed.

import { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import type { Tally } from '../core/tally.ts'

/** Throws EINVAL for a message that has not exactly one frame after `before` others (its address). */
export function assertSingle(message: Message, before = 0): void {
  if (message.length === before + 1) return
  const text = `This socket sends messages of exactly one frame, not ${message.length - before}`
  throw new ZmqError('EINVAL', `${text}: join the frames, or use one of the classic sockets`)
}

/** What comes next from `read` with exactly `frames` frames; all before it is dropped. */
export function nextOf(
  frames: number,
  read: () => Message | undefined,
  tally: Tally,
): Message | undefined {
  for (let message = read(); message; message = read()) {
    if (message.length === frames) return message
    tally.drop('malformed', 1)
  }
  return undefined
}

/** What can only be known to be there by taking it: `hasIn` keeps it for the next `recv`. */
export class Lookahead<M> {
  readonly #next: () => M | undefined
  #found: M | undefined

  constructor(next: () => M | undefined) {
    this.#next = next
  }

  recv(): M | undefined {
    const found = this.#found ?? this.#next()
    this.#found = undefined
    return found
  }

  /** Messages it keeps. */
  get held(): number {
    return this.#found === undefined ? 0 : 1
  }

  hasIn(): boolean {
    this.#found ??= this.#next()
    return this.#found !== undefined
  }
}

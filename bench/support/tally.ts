// What a receiver does with each message, the same in every mode: it touches the length and one
// byte of each frame, and takes the time from the last warm-up message to the last of the run.

import type { Task } from './protocol.ts'

export class Tally {
  readonly warm: number
  readonly total: number
  /** Messages taken so far. */
  seen = 0
  /** Kept so that reading the byte cannot be optimized away. */
  mixed = 0
  readonly #expected: number
  #bytes = 0
  #startedAt = 0
  #endedAt = 0

  /** At least one message is warm-up: timing starts with the last of them. */
  constructor({ size, frames, warm, count }: Task) {
    this.warm = Math.max(1, warm)
    this.total = warm + count
    this.#expected = this.total * size * frames
  }

  /** Takes a message; true when it was the last one. */
  take(frames: readonly Uint8Array[]): boolean {
    for (let i = 0; i < frames.length; i++) this.#touch(frames[i] as Uint8Array)
    return this.#count()
  }

  /** Takes a message of one frame. */
  takeFrame(frame: Uint8Array): boolean {
    this.#touch(frame)
    return this.#count()
  }

  #touch(frame: Uint8Array): void {
    this.#bytes += frame.length
    this.mixed ^= frame[0] as number
  }

  #count(): boolean {
    this.seen++
    if (this.seen === this.warm) this.#startedAt = performance.now()
    if (this.seen < this.total) return false
    this.#endedAt = performance.now()
    return true
  }

  /** Time of the messages after the warm-up. Throws if what came is not what was sent. */
  seconds(): number {
    if (this.#bytes !== this.#expected)
      throw new Error(
        `message of incorrect size received: ${this.#bytes} of ${this.#expected} bytes`,
      )
    return (this.#endedAt - this.#startedAt) / 1000
  }
}

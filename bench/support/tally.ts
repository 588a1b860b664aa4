// What a receiver does with each message, the same in every mode: it touches the length and one
// byte, and takes the time from the last warm-up message to the last message of the run.

export class Tally {
  readonly warm: number
  readonly total: number
  readonly size: number
  /** Messages taken so far. */
  seen = 0
  /** Kept so that reading the byte cannot be optimized away. */
  mixed = 0
  #bytes = 0
  #startedAt = 0
  #endedAt = 0

  /** `warm` (at least 1) messages come before the `count` that are timed. */
  constructor(size: number, warm: number, count: number) {
    this.size = size
    this.warm = warm
    this.total = warm + count
  }

  /** Takes the message's only frame; true when it was the last one. */
  take(frame: Uint8Array): boolean {
    this.#bytes += frame.length
    this.mixed ^= frame[0] as number
    this.seen++
    if (this.seen === this.warm) this.#startedAt = performance.now()
    if (this.seen < this.total) return false
    this.#endedAt = performance.now()
    return true
  }

  /** Time of the messages after the warm-up. Throws if what came is not what was sent. */
  seconds(): number {
    const expected = this.total * this.size
    if (this.#bytes !== expected)
      throw new Error(`message of incorrect size received: ${this.#bytes} of ${expected} bytes`)
    return (this.#endedAt - this.#startedAt) / 1000
  }
}

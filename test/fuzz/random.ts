// Cheap random numbers that repeat with their seed, and how much of the whole a file is to do.
//   FUZZ_SEED     any whole number; printed by every run
//   FUZZ_INPUTS   hostile inputs in all, over all files; 1 000 000 by default

const given = process.env['FUZZ_SEED']

export const seed: number =
  given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given)

/** A file's part of all inputs. */
export function inputs(share: number): number {
  return Math.max(100, Math.round(Number(process.env['FUZZ_INPUTS'] ?? 1_000_000) * share))
}

/** Mulberry32. */
export class Random {
  #state: number

  constructor(start: number) {
    this.#state = start >>> 0
  }

  /** A whole number from 0 up to, but not including, 2^32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  /** A whole number from 0 up to, but not including, `limit`. */
  below(limit: number): number {
    return this.next() % limit
  }

  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  bytes(size: number): Uint8Array {
    const bytes = new Uint8Array(size)
    for (let i = 0; i < size; i++) bytes[i] = this.next()
    return bytes
  }
}

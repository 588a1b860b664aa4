// A growable ring: push at the tail, shift at the head, both O(1) and without allocation.
//
//      head          tail
//       v             v
//   . . m m m m m m m . . .        capacity is a power of two; indexes wrap by mask
//
// A ring that a burst made large goes back to the small one when it runs empty.

const SMALL = 16
const KEEP = 4096

/** First in, first out. */
export class Fifo<T> {
  #ring: (T | undefined)[] = new Array(SMALL)
  #mask = SMALL - 1
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(item: T): void {
    if (this.#length > this.#mask) this.#grow()
    this.#ring[(this.#head + this.#length) & this.#mask] = item
    this.#length++
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const item = this.#ring[this.#head]
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) & this.#mask
    if (--this.#length === 0 && this.#mask >= KEEP) this.clear()
    return item
  }

  peek(): T | undefined {
    return this.#ring[this.#head]
  }

  clear(): void {
    this.#ring = new Array(SMALL)
    this.#mask = SMALL - 1
    this.#head = 0
    this.#length = 0
  }

  #grow(): void {
    const old = this.#ring
    const size = old.length
    const ring: (T | undefined)[] = new Array(size * 2)
    for (let i = 0; i < size; i++) ring[i] = old[(this.#head + i) & this.#mask]
    this.#ring = ring
    this.#mask = size * 2 - 1
    this.#head = 0
  }
}

// Bytes on their way out, collected into as few pieces as possible before they are written.
// Small bodies are copied into a slab (the one copy of a message's way out); large ones are
// referenced. What `take` returned is not written to again before `sent` says that it has left.

import { allocate, isMovable } from './message.ts'
import { giveSlabBack, MOST_SLABS, SLAB_BYTES, takeSlab } from './slabs.ts'

const SMALLEST_SLAB = 1024

/** Bodies up to this size are copied, larger ones referenced. */
export const COPY_LIMIT: number = 16 * 1024

/** What memory that moves to another thread counts for, in bytes: its place, not its size. */
export const MOVED_COST: number = 1024

export class Batch {
  /** Where reserved bytes are written; may change with each `reserve`. */
  slab: Uint8Array<ArrayBuffer> = allocate(0)
  /** Bytes to be carried that were collected since the last `take`. */
  bytes = 0
  #start = 0
  #end = 0
  #pieces: Uint8Array[] = []
  readonly #full: Uint8Array<ArrayBuffer>[] = [] // slabs that wait for `sent`
  readonly #whole: boolean
  #nextSlab = SMALLEST_SLAB

  /** `whole`: the ArrayBuffers of what is taken are for the taker alone, to be transferred, or shared memory. */
  constructor(whole = false) {
    this.#whole = whole
  }

  /** Room for `size` bytes in the slab; the caller fills it from the returned offset on. */
  reserve(size: number): number {
    if (this.#end + size > this.slab.length) this.#newSlab(size)
    const at = this.#end
    this.#end += size
    this.bytes += size
    return at
  }

  /** Adds bytes that nobody will change any more, without copying them. */
  reference(body: Uint8Array): void {
    this.cut()
    const moves = this.#whole && isMovable(body)
    this.#pieces.push(this.#whole && !moves ? ownCopy(body) : body)
    this.bytes += moves ? MOVED_COST : body.length
  }

  /** Adds a copy of `bytes`. */
  copy(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length)
    this.slab.set(bytes, at)
  }

  /** What follows begins a new piece: for connections that keep pieces apart. */
  cut(): void {
    if (this.#end === this.#start) return
    this.#pieces.push(this.slab.subarray(this.#start, this.#end))
    this.#start = this.#end
  }

  /** All that was collected, in order; the batch is empty again. */
  take(): Uint8Array[] {
    this.cut()
    if (this.#whole && this.#end > 0) this.#dropSlab()
    const pieces = this.#pieces
    this.#pieces = []
    this.bytes = 0
    return pieces
  }

  /** All that was taken has left, and nobody reads it any more. */
  sent(): void {
    if (this.#pieces.length > 0) return // collected since: full slabs may hold some of it
    for (const slab of this.#full) giveSlabBack(slab)
    this.#full.length = 0
    if (this.#end === this.#start) this.#start = this.#end = 0
  }

  #dropSlab(): void {
    this.#nextSlab = this.#end * 2
    this.slab = allocate(0)
    this.#start = this.#end = 0
  }

  /** The size follows the traffic: an idle connection holds 1 KiB, a busy one 64 KiB. */
  #newSlab(atLeast: number): void {
    this.cut()
    const { slab } = this
    if (!this.#whole && slab.length === SLAB_BYTES && this.#full.length < MOST_SLABS)
      this.#full.push(slab)
    const size = Math.min(Math.max(this.#nextSlab, SMALLEST_SLAB), SLAB_BYTES)
    const fits = Math.max(size, atLeast)
    this.slab = fits === SLAB_BYTES ? takeSlab() : allocate(fits)
    this.#start = this.#end = 0
    this.#nextSlab = size * 2
  }
}

/** Not `slice`, which for a Buffer is a view of the same memory. */
function ownCopy(bytes: Uint8Array): Uint8Array {
  const copy = allocate(bytes.length)
  copy.set(bytes)
  return copy
}

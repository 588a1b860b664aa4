// Bytes on their way out, collected into as few pieces as possible before they are written.
// Small bodies are copied into a slab (the one copy of a message's way out); large ones are
// referenced. What `take` returned is never written to again.

import { allocate, isMovable } from './message.ts'

const SLAB_BYTES = 64 * 1024
const SMALLEST_SLAB = 1024

/** Bodies up to this size are copied, larger ones referenced. */
export const COPY_LIMIT: number = 16 * 1024

export class Batch {
  /** Where reserved bytes are written; may change with each `reserve`. */
  slab: Uint8Array<ArrayBuffer> = allocate(0)
  /** Bytes collected since the last `take`. */
  bytes = 0
  #start = 0
  #end = 0
  #pieces: Uint8Array[] = []
  readonly #whole: boolean
  #nextSlab = SMALLEST_SLAB

  /** `whole`: every piece taken owns its ArrayBuffer, so that it can be transferred, or is shared memory. */
  constructor(whole = false) {
    this.#whole = whole
  }

  /** Room for `size` bytes in the slab; the caller fills it from the returned offset on. */
  reserve(size: number): number {
    if (this.#end + size > this.slab.byteLength) this.#newSlab(size)
    const at = this.#end
    this.#end += size
    this.bytes += size
    return at
  }

  /** Adds bytes that nobody will change any more, without copying them. */
  reference(body: Uint8Array): void {
    this.cut()
    this.#pieces.push(this.#whole && !isMovable(body) ? ownCopy(body) : body)
    this.bytes += body.byteLength
  }

  /** Adds a copy of `bytes`. */
  copy(bytes: Uint8Array): void {
    const at = this.reserve(bytes.byteLength)
    this.slab.set(bytes, at)
  }

  /** What follows begins a new piece: for connections that keep pieces apart. */
  cut(): void {
    if (this.#end === this.#start) return
    this.#pieces.push(this.slab.subarray(this.#start, this.#end))
    this.#start = this.#end
    if (this.#whole) this.#dropSlab()
  }

  /** All that was collected, in order; the batch is empty again. */
  take(): Uint8Array[] {
    this.cut()
    const pieces = this.#pieces
    this.#pieces = []
    this.bytes = 0
    return pieces
  }

  #dropSlab(): void {
    this.#nextSlab = this.#end * 2
    this.slab = allocate(0)
    this.#start = this.#end = 0
  }

  /** The size follows the traffic: an idle connection holds 1 KiB, a busy one 64 KiB. */
  #newSlab(atLeast: number): void {
    this.cut()
    const size = Math.min(Math.max(this.#nextSlab, SMALLEST_SLAB), SLAB_BYTES)
    this.slab = allocate(Math.max(size, atLeast))
    this.#start = this.#end = 0
    this.#nextSlab = size * 2
  }
}

/** Not `slice`, which for a Buffer is a view of the same memory. */
function ownCopy(bytes: Uint8Array): Uint8Array {
  const copy = allocate(bytes.byteLength)
  copy.set(bytes)
  return copy
}

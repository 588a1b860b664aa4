// Where a connection's next bytes go, so that they need not be copied when they are there.
//
//   rest of a large frame    straight into the memory of that frame
//   what comes by surprise   a small piece: it may be little, and a connection that was never busy holds little
//   more after that          larger pieces, the larger the more each read brings
//
// A block is read into while frames in it are with their receivers already. So it cannot be moved to
// another thread: Node refuses or copies it. The memory of a large frame can.

import { markAsUntransferable } from 'node:worker_threads'
import { allocate } from '../../core/message.ts'

const SMALL = 1024
const SMALLEST_BLOCK = 4 * 1024
const LARGEST_BLOCK = 64 * 1024

export class ReadMemory {
  #block: Uint8Array = allocate(0)
  #at = 0
  #given: Uint8Array = this.#block
  #lastRead = 0 // into a block

  /** `space`: what a large frame still lacks. */
  next(space: Uint8Array | undefined): Uint8Array {
    this.#given = space ?? this.#piece()
    return this.#given
  }

  /** So many bytes were put into what `next` returned last; returns them. */
  filled(bytes: number): Uint8Array {
    const own = this.#given.buffer === this.#block.buffer
    this.#lastRead = own ? bytes : 0
    this.#at += this.#lastRead
    return this.#given.subarray(0, bytes)
  }

  #piece(): Uint8Array {
    const much = this.#lastRead >= SMALL
    const left = this.#block.length - this.#at
    if (left < SMALL || (much && left < this.#lastRead)) {
      const size = Math.min(Math.max(this.#lastRead * 4, SMALLEST_BLOCK), LARGEST_BLOCK)
      this.#block = allocate(size)
      markAsUntransferable(this.#block.buffer)
      this.#at = 0
    }
    return this.#block.subarray(this.#at, much ? undefined : this.#at + SMALL)
  }
}

// The receiving half of the bare codec: chunks wait as they came, and a frame is made, a view of
// its chunk, when it is asked for. A frame that spans chunks is put together once.

import type { Socket } from 'node:net'

const LONG = 2
const SHORT_HEADER = 2
const LONG_HEADER = 9
const MOST_CHUNKS = 4

export class BareReader {
  socket: Socket | undefined
  readonly #chunks: Buffer[] = []
  #chunk: Buffer = Buffer.alloc(0)
  #at = 0
  #partial: Buffer | undefined
  #filled = 0
  #wake: ((frame: Buffer) => void) | undefined

  add(chunk: Buffer): void {
    this.#chunks.push(chunk)
    if (this.#chunks.length >= MOST_CHUNKS) this.socket?.pause()
    const frame = this.#wake && this.#next()
    if (!frame) return
    const wake = this.#wake
    this.#wake = undefined
    wake?.(frame)
  }

  receive(): Promise<Buffer> {
    const frame = this.#next()
    if (frame) return Promise.resolve(frame)
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #next(): Buffer | undefined {
    for (;;) {
      const frame = this.#partial ? this.#fill(this.#partial) : this.#parse()
      if (frame || !this.#advance()) return frame
    }
  }

  /** The next chunk, with what was left of the last one in front. */
  #advance(): boolean {
    const next = this.#chunks.shift()
    if (!next) return false
    if (this.#chunks.length === 0) this.socket?.resume()
    const rest = this.#chunk.subarray(this.#at)
    this.#chunk = rest.length > 0 ? Buffer.concat([rest, next]) : next
    this.#at = 0
    return true
  }

  #parse(): Buffer | undefined {
    const { length } = this.#chunk
    const long = this.#at < length && this.#chunk[this.#at] === LONG
    const header = long ? LONG_HEADER : SHORT_HEADER
    if (this.#at + header > length) return undefined
    const size = long
      ? this.#chunk.readUInt32BE(this.#at + 5)
      : (this.#chunk[this.#at + 1] as number)
    const start = this.#at + header
    this.#at = Math.min(start + size, length)
    if (start + size <= length) return this.#chunk.subarray(start, start + size)
    this.#partial = Buffer.allocUnsafeSlow(size)
    this.#filled = this.#chunk.copy(this.#partial, 0, start)
    return undefined
  }

  #fill(partial: Buffer): Buffer | undefined {
    const copied = this.#chunk.copy(partial, this.#filled, this.#at)
    this.#at += copied
    this.#filled += copied
    if (this.#filled < partial.length) return undefined
    this.#partial = undefined
    return partial
  }
}

// ZMTP 2.0/3.x framing (RFC 23, 37): flags, length, body. The one hot codec; it knows no sockets.
//
//   flags(1) length(1) body        length 0..255
//   flags(1) length(8) body        flag LONG

import { type Batch, COPY_LIMIT } from '../core/batch.ts'
import { ZmqError } from '../core/errors.ts'
import { allocate, EMPTY_FRAME, Frame } from '../core/message.ts'
import { readUint32, writeUint32 } from '../core/uint32.ts'
import { frameLimit } from './limits.ts'

export const MORE = 0x01
export const LONG = 0x02
export const COMMAND = 0x04

const SHORT_HEADER = 2
const LONG_HEADER = 9
const SHORT_LIMIT = 255

/** Writes one frame. Bodies over the copy limit are referenced, so they must not change any more. */
export function encodeFrame(flags: number, body: Uint8Array, out: Batch): void {
  const size = body.length
  const referenced = size > COPY_LIMIT
  const header = size > SHORT_LIMIT ? LONG_HEADER : SHORT_HEADER
  let at = out.reserve(referenced ? header : header + size)
  const slab = out.slab
  if (size > SHORT_LIMIT) {
    slab[at] = flags | LONG
    writeLength(slab, at + 1, size)
  } else {
    slab[at] = flags
    slab[at + 1] = size
  }
  at += header
  if (referenced) out.reference(body)
  else slab.set(body, at)
}

function writeLength(bytes: Uint8Array, at: number, size: number): void {
  writeUint32(bytes, at, Math.floor(size / 2 ** 32))
  writeUint32(bytes, at + 4, size)
}

/**
 * What a peer is trusted to announce: a body up to this size gets its memory at once, a larger one
 * grows as bytes really arrive. Whoever has sent a large body is trusted with twice its size.
 */
const FIRST_TRUST = 8 * 1024
const FULL_TRUST = 16 * 1024 * 1024

/** Less than this is copied rather than read by itself. */
const SPACE_LEAST = 16 * 1024

/**
 * Finds frames in a byte stream that comes in chunks of any size. A body that lies within one
 * chunk is a view of it; one that spans chunks is assembled once in memory of its own.
 */
export class FrameDecoder {
  /** Flags and body of the frame that `next` found. */
  flags = 0
  body: Uint8Array = EMPTY_FRAME
  #maxSize: number
  #trust = FIRST_TRUST
  #chunk: Uint8Array = EMPTY_FRAME
  #memory = EMPTY_FRAME.buffer as ArrayBuffer // of the chunk, asked once for all its frames
  #offset = 0
  #at = 0
  readonly #header = new Uint8Array(LONG_HEADER)
  #headerSize = 0 // bytes of a header that a chunk's end cut
  #partial: Uint8Array | undefined // a body that a chunk's end cut
  #size = 0
  #filled = 0

  /** Frames over `maxSize` bytes are refused at their header (ERR_ZMTP_MESSAGE_TOO_LARGE); -1 = no limit. */
  constructor(maxSize: number) {
    this.#maxSize = frameLimit(maxSize)
  }

  /** Another limit from the next frame on. */
  allow(maxSize: number): void {
    this.#maxSize = frameLimit(maxSize)
  }

  /** The next chunk, to be called when `next` has returned false. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk
    this.#memory = chunk.buffer as ArrayBuffer
    this.#offset = chunk.byteOffset
    this.#at = 0
  }

  /** What the memory of a large body still lacks: a chunk that lies there is not copied. */
  space(): Uint8Array | undefined {
    const partial = this.#partial
    if (partial === undefined || partial.length - this.#filled < SPACE_LEAST) return undefined
    return partial.subarray(this.#filled)
  }

  /** True: `flags` and `body` are a frame. False: more bytes are needed. */
  next(): boolean {
    if (this.#partial) return this.#fill(this.#partial)
    const chunk = this.#chunk
    const at = this.#at
    if (this.#headerSize > 0 || chunk.length - at < LONG_HEADER) return this.#splitHeader()
    this.flags = chunk[at] as number
    const long = (this.flags & LONG) !== 0
    const size = long ? readLength(chunk, at + 1) : (chunk[at + 1] as number)
    return this.#bodyAt(at + (long ? LONG_HEADER : SHORT_HEADER), size)
  }

  #bodyAt(at: number, size: number): boolean {
    if (size > this.#maxSize) throw tooLarge(size, this.#maxSize)
    if (this.#chunk.length - at >= size) {
      this.body = new Frame(this.#memory, this.#offset + at, size)
      this.#at = at + size
      return true
    }
    this.#at = at
    this.#size = size
    this.#filled = 0
    return this.#fill(EMPTY_FRAME)
  }

  /** Near a chunk's end the header is read byte by byte, over the end if need be. */
  #splitHeader(): boolean {
    const header = this.#header
    for (;;) {
      const flags = header[0] as number
      const long = (flags & LONG) !== 0
      if (this.#headerSize > 0 && this.#headerSize === (long ? LONG_HEADER : SHORT_HEADER)) {
        this.#headerSize = 0
        this.flags = flags
        return this.#bodyAt(this.#at, long ? readLength(header, 1) : (header[1] as number))
      }
      if (this.#at >= this.#chunk.length) return this.#spent()
      header[this.#headerSize++] = this.#chunk[this.#at++] as number
    }
  }

  #fill(partial: Uint8Array): boolean {
    const from = this.#at
    if (partial.length === 0 && this.#chunk.length - from >= this.#size) {
      this.#partial = undefined
      return this.#bodyAt(from, this.#size) // a chunk of its own: nothing to assemble
    }
    const take = Math.min(this.#size - this.#filled, this.#chunk.length - from)
    const target = this.#roomFor(partial, this.#filled + take)
    const part = this.#chunk.subarray(from, from + take)
    if (!isAt(part, target, this.#filled)) target.set(part, this.#filled)
    this.#at = from + take
    this.#filled += take
    if (this.#filled < this.#size) {
      this.#partial = target
      return this.#spent()
    }
    this.#partial = undefined
    if (this.#size * 2 > this.#trust) this.#trust = Math.min(this.#size * 2, FULL_TRUST)
    this.body = new Frame(target.buffer as ArrayBuffer, target.byteOffset, this.#size)
    return true
  }

  #roomFor(partial: Uint8Array, size: number): Uint8Array {
    if (size <= partial.length) return partial
    const wanted = partial.length === 0 ? this.#trust : partial.length * 2
    const larger = allocate(Math.min(this.#size, Math.max(size, wanted)))
    larger.set(partial.subarray(0, this.#filled))
    return larger
  }

  /** Lets go of the chunk's memory. */
  #spent(): false {
    this.push(EMPTY_FRAME)
    return false
  }
}

function isAt(part: Uint8Array, memory: Uint8Array, at: number): boolean {
  return part.buffer === memory.buffer && part.byteOffset === memory.byteOffset + at
}

function readLength(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) * 2 ** 32 + readUint32(bytes, at + 4)
}

function tooLarge(size: number, allowed: number): ZmqError {
  return new ZmqError(
    'ERR_ZMTP_MESSAGE_TOO_LARGE',
    `The peer announced a frame of ${size} bytes, over the limit of ${allowed} ` +
      '(maxMessageSize, and 64 KiB in the handshake)',
  )
}

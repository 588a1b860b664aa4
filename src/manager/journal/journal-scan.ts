// Reading a journal from record to record, past what is damaged. Must not know what records mean.
//
//   record record ##### record rec|       ##### damaged: reported, reading goes on at the next mark
//                              '--------- the tail: no good record comes after it

import type { FileHandle } from 'node:fs/promises'
import { HEAD_BYTES, isRecord, LONGEST_PAYLOAD } from './journal-format.ts'

const CHUNK_BYTES = 1024 * 1024

/** Bytes of a journal that are no record. */
export interface Damage {
  /** Where they begin in the file. */
  readonly offset: number
  readonly bytes: number
}

/** A good record. `bytes` is all of it, valid until the next chunk is asked for. */
export interface Found {
  readonly offset: number
  readonly kind: number
  readonly bytes: Buffer
}

/** A part of a file whose records are wanted: from the offset `from` up to `to`. */
export interface Part {
  readonly handle: FileHandle
  readonly mark: number
  readonly from: number
  readonly to: number
}

export class Scan {
  /** What was skipped between good records so far. */
  readonly damaged: Damage[] = []
  /** End of the last good record: what follows is the tail. */
  goodEnd: number
  readonly #part: Part
  readonly #mark = Buffer.alloc(4)
  #window: Buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  #base: number // offset of the window in the file
  #have = 0 // bytes in the window
  #at = 0 // where in the window the next record is expected
  #wanted = HEAD_BYTES // bytes from `#at` on, to decide what is there

  constructor(part: Part) {
    this.#part = part
    this.#mark.writeUInt32BE(part.mark)
    this.#base = part.from
    this.goodEnd = part.from
  }

  /** The good records, a chunk of the file at a time. Rejects with the system's error. */
  async *chunks(): AsyncGenerator<Found[]> {
    while (await this.#fill()) {
      const found = this.#records()
      if (found.length > 0) yield found
    }
  }

  get #atEnd(): boolean {
    return this.#base + this.#have >= this.#part.to
  }

  /** Makes room and reads on. False when nothing is left to look at. */
  async #fill(): Promise<boolean> {
    if (this.#atEnd && this.#have - this.#at < this.#wanted) return false
    const rest = this.#window.subarray(this.#at, this.#have)
    const fits = this.#wanted <= this.#window.length
    const next = fits ? this.#window : Buffer.allocUnsafeSlow(this.#wanted + CHUNK_BYTES)
    next.set(rest) // moves within one memory too
    this.#window = next
    this.#base += this.#at
    this.#at = 0
    this.#have = rest.length
    while (!this.#atEnd && this.#have < this.#window.length) {
      const position = this.#base + this.#have
      const length = Math.min(this.#window.length - this.#have, this.#part.to - position)
      const { bytesRead } = await this.#part.handle.read(this.#window, this.#have, length, position)
      if (bytesRead === 0) return false // shorter than it was: somebody else cut it
      this.#have += bytesRead
    }
    return true
  }

  /** All records that are wholly in the window from `#at` on. */
  #records(): Found[] {
    const found: Found[] = []
    for (;;) {
      const size = this.#sizeAt(this.#at)
      this.#wanted = Math.max(size, HEAD_BYTES)
      if (size >= 0 && this.#have - this.#at < this.#wanted) return found
      const offset = this.#base + this.#at
      if (size < 0 || !isRecord(this.#window, this.#at, size, this.#part.mark, offset)) {
        this.#skip()
        continue
      }
      if (offset > this.goodEnd)
        this.damaged.push({ offset: this.goodEnd, bytes: offset - this.goodEnd })
      this.goodEnd = offset + size
      const bytes = this.#window.subarray(this.#at, this.#at + size)
      found.push({ offset, kind: bytes[12] as number, bytes })
      this.#at += size
    }
  }

  /** Bytes of the record at `at`; 0: not all of its head is here; -1: there is none. */
  #sizeAt(at: number): number {
    if (this.#have - at < HEAD_BYTES) return 0
    if (this.#window.readUInt32BE(at) !== this.#part.mark) return -1
    const payload = this.#window.readUInt32BE(at + 8)
    const end = this.#base + at + HEAD_BYTES + payload
    return payload > LONGEST_PAYLOAD || end > this.#part.to ? -1 : HEAD_BYTES + payload
  }

  /** To the next place that has the mark, or where it may begin. */
  #skip(): void {
    const next = this.#window.subarray(0, this.#have).indexOf(this.#mark, this.#at + 1)
    this.#at = next >= 0 ? next : Math.max(this.#at + 1, this.#have - this.#mark.length + 1)
  }
}

/** The record that was at `offset`, by itself; undefined if it is damaged. Rejects with the system's error. */
export async function readRecord(
  { handle, mark }: Part,
  offset: number,
  size: number,
): Promise<Buffer | undefined> {
  const bytes = Buffer.allocUnsafe(size)
  for (let have = 0; have < size; ) {
    const { bytesRead } = await handle.read(bytes, have, size - have, offset + have)
    if (bytesRead === 0) return undefined
    have += bytesRead
  }
  const isWhole = bytes.readUInt32BE(0) === mark && bytes.readUInt32BE(8) === size - HEAD_BYTES
  return isWhole && isRecord(bytes, 0, size, mark, offset) ? bytes : undefined
}

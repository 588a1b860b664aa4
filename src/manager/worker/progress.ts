// How many messages a worker has begun: counted by the worker, read by the supervisor, also after the
// worker's death. A thread counts in shared memory, a process in a file of its own: what it has
// written there outlives kill -9. What a worker on another machine has begun nobody knows.

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asZmqError } from '../../core/errors.ts'
import type { HostKind } from '../host/host.ts'

/** Where a worker counts: shared memory, or the path of a file. Undefined: nobody reads it. */
export type CountPlace = BigInt64Array<SharedArrayBuffer> | string | undefined

/** The supervisor's side. */
export interface Progress {
  /** For the worker. */
  readonly place: CountPlace
  /** Messages begun, also after `close`; undefined when that is not known. */
  begun(): number | undefined
  /** The worker is up and has opened the place: others need not find it, and it goes with its users. */
  opened(): void
  /** The worker is gone: keeps its last count, and gives up the place. */
  close(): void
}

/** Throws the system's error if there is no room for a file. */
export function progressOf(kind: HostKind): Progress {
  return kind === 'thread' ? new SharedProgress() : new FileProgress()
}

/** That of a worker on another machine. */
export const UNKNOWN_PROGRESS: Progress = {
  place: undefined,
  begun: () => undefined,
  opened: () => {},
  close: () => {},
}

class SharedProgress implements Progress {
  readonly place = new BigInt64Array(new SharedArrayBuffer(8))

  begun(): number {
    return Number(Atomics.load(this.place, 0))
  }

  opened(): void {}

  close(): void {}
}

class FileProgress implements Progress {
  readonly place: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'zmanager-')) // nobody else may read or write there
  readonly #file: number
  readonly #bytes = Buffer.alloc(8)
  #last: number | undefined // of a worker that is gone

  constructor() {
    this.place = join(this.#folder, 'begun')
    let file: number | undefined
    try {
      file = openSync(this.place, 'w+')
      writeSync(file, this.#bytes, 0, 8, 0) // its room: a disk that is full later ends no worker
    } catch (error) {
      if (file !== undefined) closeSync(file)
      this.#remove()
      throw asZmqError(error, `Cannot write ${this.place}, where a worker counts`)
    }
    this.#file = file
  }

  begun(): number {
    if (this.#last !== undefined) return this.#last
    const length = readSync(this.#file, this.#bytes, 0, 8, 0)
    return length < 8 ? 0 : Number(this.#bytes.readBigInt64LE())
  }

  opened(): void {
    if (process.platform !== 'win32') this.#remove() // there it cannot go while it is open
  }

  close(): void {
    if (this.#last !== undefined) return
    this.#last = this.begun()
    closeSync(this.#file)
    this.#remove()
  }

  #remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** The worker's side: call what it returns before each message. */
export function counterAt(place: CountPlace): () => void {
  if (place === undefined) return () => {}
  if (typeof place !== 'string') return () => void Atomics.add(place, 0, 1n)
  const file = openSync(place, 'r+')
  const bytes = Buffer.alloc(8)
  let begun = 0n
  return () => {
    bytes.writeBigInt64LE(++begun)
    writeSync(file, bytes, 0, 8, 0)
  }
}

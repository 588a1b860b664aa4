// The file of a Unix socket: taking its path when nobody lives there, and giving it back.
//
//   bind a temporary name beside it --> link it to the path --> remove the temporary name
//                                        | taken: nobody answers (stale) --> remove, link again
//                                        | somebody does --> EADDRINUSE (or, taking over, rename)
//
// So the path never shows a socket that does not listen yet, of two that bind it at the same moment
// one wins, and Node, which removes on close whatever stands at the path it bound, finds nothing.

import { randomBytes } from 'node:crypto'
import { linkSync, lstatSync, renameSync, statSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { ZmqError } from '../../core/errors.ts'

/** Longest path of a Unix socket address, bytes (sun_path without its final NUL). */
const LONGEST_PATH = 107
/** How often somebody else may win the path and lose it again before this gives up. */
const TRIES = 8

/** Throws ENAMETOOLONG for what the system cannot take. */
export function checkLength(path: string, endpoint: string): void {
  if (Buffer.byteLength(path) > LONGEST_PATH) throw tooLong(endpoint)
}

function tooLong(address: string): ZmqError {
  const message = `The path of ${address} is longer than ${LONGEST_PATH} bytes: choose a shorter one`
  return new ZmqError('ENAMETOOLONG', message, { address })
}

export class SocketFile {
  /** What the server is to bind; `claim` gives it its name. */
  readonly temporary: string
  readonly #given: string
  /** The same, wherever the process changes its folder to. */
  readonly #path: string
  readonly #bound: string
  readonly #endpoint: string
  #own: string | undefined

  /** Throws ENOENT or ENOTDIR when there is no folder for `path`. */
  constructor(path: string, endpoint: string) {
    this.#given = path
    this.#endpoint = endpoint
    this.#checkFolder()
    const name = `.z${randomBytes(4).toString('base64url')}`
    const beside = join(dirname(path), name)
    const fits = Buffer.byteLength(beside) <= LONGEST_PATH
    this.temporary = fits ? beside : join(tmpdir(), name)
    this.#path = resolve(path)
    this.#bound = resolve(this.temporary)
  }

  /** To be called while a server listens on `temporary`. Rejects with EADDRINUSE and the like. */
  async claim(takeOver: boolean): Promise<void> {
    this.#own = identity(this.#bound)
    for (let tries = 0; tries < TRIES; tries++) {
      if (this.#link()) return
      const there = identity(this.#path)
      if (there === undefined) continue // gone in the meantime
      if (there === '') throw this.#inUse('there is a file that is no socket: remove it yourself')
      if (takeOver) return renameSync(this.#bound, this.#path)
      if (await isLive(this.#given)) throw this.#inUse('somebody listens there')
      this.#removeStale(there)
    }
    throw this.#inUse('others bind and leave it all the time')
  }

  /** Removes the file, unless the path belongs to somebody else by now. */
  remove(): void {
    try {
      if (identity(this.#path) === this.#own) unlinkSync(this.#path)
    } catch {
      // no rights in that folder any more: the next to bind finds a stale file
    }
  }

  #link(): boolean {
    try {
      linkSync(this.#bound, this.#path)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EXDEV') throw tooLong(this.#endpoint) // there was no room for a name beside it
      if (code === 'EEXIST' || identity(this.#path) !== undefined) return false
      renameSync(this.#bound, this.#path) // a file system without hard links
      return true
    }
    unlinkSync(this.#bound)
    return true
  }

  /**
   * Moves the file away before it is removed: should another socket have taken the path in this very
   * moment, it gets its name back.
   */
  #removeStale(stale: string): void {
    if (identity(this.#path) !== stale) return
    const aside = `${this.#bound}-`
    try {
      renameSync(this.#path, aside)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return // somebody was faster
      throw error
    }
    try {
      if (identity(aside) !== stale) linkSync(aside, this.#path)
    } finally {
      unlinkSync(aside)
    }
  }

  /** Bind reports a missing folder as EACCES. */
  #checkFolder(): void {
    const folder = dirname(this.#given)
    const there = statSync(folder, { throwIfNoEntry: false })
    if (there?.isDirectory()) return
    const [code, what] = there ? ['ENOTDIR', 'is no folder'] : ['ENOENT', 'does not exist']
    const message = `Cannot bind ${this.#endpoint}: ${folder} ${what}`
    throw new ZmqError(code as string, message, { address: this.#endpoint })
  }

  #inUse(why: string): ZmqError {
    const message = `Address already in use: ${this.#endpoint}: ${why}`
    return new ZmqError('EADDRINUSE', message, { address: this.#endpoint })
  }
}

/** Tells one socket file from another; empty for what is no socket, undefined for nothing. */
function identity(path: string): string | undefined {
  const there = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (!there?.isSocket()) return there && ''
  return `${there.dev} ${there.ino} ${there.mtimeNs}` // inode numbers are used again
}

/** Only a refusal proves that nobody listens: a full backlog or missing rights do not. */
function isLive(path: string): Promise<boolean> {
  return new Promise((settle) => {
    const probe = connect({ path })
    probe.once('connect', () => settle(true))
    probe.once('connect', () => probe.destroy())
    probe.once('error', ({ code }: NodeJS.ErrnoException) => {
      settle(code !== 'ECONNREFUSED' && code !== 'ENOENT')
    })
  })
}

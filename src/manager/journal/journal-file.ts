// One file of a journal: opened or made, appended to, put in another's place. It keeps the one rule
// that whatever is wrong with the disk, the file ends with a whole record. Must not know records.

import { constants } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { asZmqError, ZmqError } from '../../core/errors.ts'
import {
  decodeHeader,
  encodeHeader,
  HEADER_BYTES,
  type Header,
  isHeaderStart,
  newerVersion,
  newMark,
} from './journal-format.ts'
import type { Part } from './journal-scan.ts'

/** Messages are nobody else's business. */
const MODE = 0o600
/** The name under which a file is written that will replace the journal at `path`. */
const successor = (path: string): string => `${path}.new`

export class JournalFile {
  readonly handle: FileHandle
  readonly mark: number
  /** Where the next record goes: the bytes of the file. */
  end: number
  #broken: ZmqError | undefined

  private constructor(handle: FileHandle, mark: number, end: number) {
    this.handle = handle
    this.mark = mark
    this.end = end
  }

  /**
   * The journal at `path`, made where there is none. Rejects with EINVAL for a file that is no
   * journal, which stays as it is, and with the system's codes (EACCES, ENOENT, ENOSPC ...).
   */
  static async open(path: string): Promise<JournalFile> {
    await rm(successor(path), { force: true }) // a crash left it; the journal itself is whole
    const handle = await open(path, constants.O_RDWR).catch((error) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (!handle) return JournalFile.#first(path)
    try {
      const header = await readHeader(handle, path)
      if (header && !header.isCurrent) await renewHeader(handle, header.mark)
      if (header) return new JournalFile(handle, header.mark, (await handle.stat()).size)
    } catch (error) {
      await handle.close()
      throw error
    }
    await handle.close()
    return JournalFile.#first(path)
  }

  static async #first(path: string): Promise<JournalFile> {
    const file = await JournalFile.createSuccessor(path)
    try {
      await file.replace(path)
      await file.sync() // says it if the folder could not be written
      return file
    } catch (error) {
      await file.discard(path)
      throw error
    }
  }

  /** An empty file beside the journal at `path`, to be filled and to `replace` it. */
  static async createSuccessor(path: string): Promise<JournalFile> {
    const mark = newMark()
    const handle = await open(successor(path), 'w+', MODE)
    const file = new JournalFile(handle, mark, 0)
    try {
      await file.append(encodeHeader(mark))
      return file
    } catch (error) {
      await file.discard(path)
      throw error
    }
  }

  /**
   * Puts a successor in the journal's place: before and after it the path names a whole journal.
   * Rejects while the old one stands there. A folder that cannot be written afterwards puts this
   * file out of use, for it is not certain which of them a crash would leave.
   */
  async replace(path: string): Promise<void> {
    await this.sync()
    await rename(successor(path), path)
    await this.#vital('its folder cannot be written', () => syncFolder(path)).catch(() => {})
  }

  /** Gives up a successor. */
  async discard(path: string): Promise<void> {
    await this.handle.close().catch(() => {})
    await rm(successor(path), { force: true }).catch(() => {})
  }

  /** Whether nothing can be promised any more. */
  get isBroken(): boolean {
    return this.#broken !== undefined
  }

  /** The records from `from` on. */
  part(from: number = HEADER_BYTES, to: number = this.end): Part {
    return { handle: this.handle, mark: this.mark, from, to }
  }

  /**
   * Writes whole records at the end. Rejects with ENOSPC and the like; then nothing of them is left
   * in the file, and `end` is where it was.
   */
  async append(bytes: Uint8Array): Promise<void> {
    if (this.#broken) throw this.#broken
    try {
      await writeFully(this.handle, bytes, this.end)
    } catch (error) {
      await this.truncate(this.end)
      throw error
    }
    this.end += bytes.length
  }

  /** Cuts the file. What would stay behind could be taken for records once others are beside it. */
  truncate(end: number): Promise<void> {
    this.end = end
    return this.#vital('its end cannot be cut off', () => this.handle.truncate(end))
  }

  /** Resolves when all that was appended is on the disk. */
  sync(): Promise<void> {
    return this.#vital('its data cannot be written', () => this.handle.datasync())
  }

  /** After a failure here nobody knows what is on the disk, so nothing is promised any more. */
  async #vital(what: string, act: () => Promise<void>): Promise<void> {
    if (this.#broken) throw this.#broken
    try {
      await act()
    } catch (error) {
      const advice = 'see to the disk, then open the journal again'
      this.#broken = asZmqError(error, `The journal is out of use, ${what} (${advice})`)
      throw this.#broken
    }
  }
}

/** Undefined for a file that holds nothing yet. */
async function readHeader(handle: FileHandle, path: string): Promise<Header | undefined> {
  if (!(await handle.stat()).isFile()) throw noJournal(path, 'it is no regular file')
  const bytes = Buffer.alloc(HEADER_BYTES)
  const { bytesRead } = await handle.read(bytes, 0, HEADER_BYTES, 0)
  const header = decodeHeader(bytes.subarray(0, bytesRead))
  if (header) return bytesRead < HEADER_BYTES ? undefined : header
  if (bytesRead < HEADER_BYTES && isHeaderStart(bytes.subarray(0, bytesRead))) return undefined
  const version = newerVersion(bytes.subarray(0, bytesRead))
  if (version === undefined) throw noJournal(path, 'it does not begin like one')
  const text = `The journal ${path} is of version ${version}, newer than this zmanager: open it with the one that wrote it`
  throw new ZmqError('EINVAL', text, { address: path })
}

/** Of an older version: one copy after the other, so that a crash leaves one of them whole. */
async function renewHeader(handle: FileHandle, mark: number): Promise<void> {
  const header = encodeHeader(mark)
  const half = HEADER_BYTES / 2
  for (const at of [half, 0]) {
    await writeFully(handle, header.subarray(at, at + half), at)
    await handle.datasync()
  }
}

function noJournal(path: string, why: string): ZmqError {
  const text = `${path} is no journal, ${why}: give the journal a path of its own`
  return new ZmqError('EINVAL', text, { address: path })
}

async function writeFully(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
}

/** Makes a rename last. Windows has no such thing, and needs none. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

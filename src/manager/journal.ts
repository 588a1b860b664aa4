// The journal: messages that were accepted outlive a crash of their process. Each is on file before
// anybody is told that it was accepted, until its end is on file too.
//
//   accepted() --.                          .--> the file at `path`
//   ended()   ---+-> appender: one write ---+
//                    for all of a turn      '--> `live`: id -> offset    compaction copies these
//
// One file, not a folder of them: it is named by one path and replaced by one rename. Beside it stand
// `path`.lock and, during a compaction, `path`.new. Of live messages places are kept and no frames:
// memory grows by about 200 bytes a live message, however large it is.

import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { asZmqError, ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import { JournalAppender } from './journal-appender.ts'
import { Compaction, type Move } from './journal-compaction.ts'
import { JournalFile } from './journal-file.ts'
import { acceptedEntry, endedEntry, HEADER_BYTES } from './journal-format.ts'
import { JournalLock } from './journal-lock.ts'
import { checkOptions, type JournalOptions, type JournalSettings } from './journal-options.ts'
import { Backlog, type Place, type Recovered, type Recovery, recover } from './journal-recovery.ts'
import type { Damage } from './journal-scan.ts'
import type { Outcome } from './ledger.ts'

export type { FsyncPolicy, JournalOptions } from './journal-options.ts'
export type { Recovered } from './journal-recovery.ts'
export type { Damage } from './journal-scan.ts'

export interface JournalStatistics {
  /** Messages that were accepted and have not ended. */
  readonly live: number
  /** Of the file, and of its records of live messages. */
  readonly bytes: number
  readonly liveBytes: number
  /** Since the journal was opened. */
  readonly writes: number
  readonly syncs: number
  readonly compactions: number
}

/** By how much the file grows at least before a compaction that failed is tried again, bytes. */
const RETRY_BYTES = 1024 * 1024

interface Opened extends Recovery {
  readonly path: string
  readonly lock: JournalLock
  readonly file: JournalFile
  readonly backlog: Backlog
}

export class Journal {
  /** As the system knows it: symbolic links are resolved. */
  readonly path: string
  /** What `open` found that was no record, with offsets: messages there are lost, or run again. */
  readonly damaged: readonly Damage[]
  /** What `open` cut off behind the last good record: a crash came in the middle of a write. */
  readonly tail: Damage | undefined
  readonly #s: JournalSettings
  readonly #lock: JournalLock
  readonly #backlog: Backlog
  readonly #live: Map<string, Place>
  readonly #appender: JournalAppender
  readonly #closed = new AbortController()
  #liveBytes = 0
  #compacting: Promise<void> | undefined
  #compactions = 0
  #compactFrom = 0 // bytes of the file, after a compaction that failed
  #closing: Promise<void> | undefined

  /**
   * The journal at `path`; a missing file is made, its folder is not. Rejects with EBUSY while
   * another process or journal has it (containers do not see each other), EINVAL for a file that is
   * no journal or a bad option, and with the system's codes: EACCES, EROFS, ENOENT, ENOSPC ... What
   * damage is found is in `damaged` and `tail`, and is reported.
   */
  static async open(path: string, options: JournalOptions = {}): Promise<Journal> {
    const settings = checkOptions(path, options)
    let lock: JournalLock | undefined
    let file: JournalFile | undefined
    try {
      const real = await realOf(path)
      lock = JournalLock.take(real)
      file = await JournalFile.open(real)
      const recovery = await recover(file)
      const backlog = await Backlog.open(real, file, recovery.live)
      return new Journal({ ...recovery, path: real, lock, file, backlog }, settings)
    } catch (error) {
      await file?.handle.close()
      lock?.release()
      throw asZmqError(error, `Cannot open the journal ${path}`, path)
    }
  }

  private constructor(opened: Opened, settings: JournalSettings) {
    this.path = opened.path
    this.damaged = opened.damaged
    this.tail = opened.tail
    this.#s = settings
    this.#lock = opened.lock
    this.#backlog = opened.backlog
    this.#live = opened.live
    for (const { size } of opened.live.values()) this.#liveBytes += size
    this.#appender = new JournalAppender(opened.file, settings, () => this.#compactIfDue())
    this.#reportDamage()
  }

  /**
   * What had been accepted and not ended when the journal was opened, in the order it was accepted,
   * read from the file one after the other. What ends before its turn is left out. To be read once:
   * rejects with EFSM the second time.
   */
  recovered(): AsyncGenerator<Recovered> {
    return this.#backlog.messages((id, place) => this.#live.get(id) === place)
  }

  /**
   * Resolves when the message will outlive a crash: of the process, or with fsync 'always' of the
   * machine too. The frames must not change or be given away until then. Rejects with EINVAL for an
   * id that is live or cannot be stored, EMSGSIZE (256 MiB), EBADF after `close`, and with the
   * system's code (ENOSPC ...) when it could not be written: it is not in the journal then. Only
   * after a failed sync (EIO) it may be, and the journal is out of use.
   */
  accepted(id: string, message: Message): Promise<void> {
    return new Promise((done, reject) => {
      if (this.#closing) throw closed(this.path)
      if (this.#live.has(id)) throw inUse(id)
      const entry = acceptedEntry(id, message)
      const place: Place = { offset: -1, size: entry.size }
      this.#live.set(id, place)
      this.#appender.append({
        entry,
        written: (offset) => {
          place.offset = offset
          if (this.#live.get(id) === place) this.#liveBytes += place.size
        },
        settled: (error) => {
          if (error === undefined) return done()
          if (place.offset < 0 && this.#live.get(id) === place) this.#live.delete(id)
          reject(error)
        },
      })
    })
  }

  /**
   * The message needs no journal any more. Of an id that is not live nothing is kept. Should the end
   * not reach the file, the message only runs again.
   */
  ended(id: string, outcome: Outcome): void {
    const place = this.#live.get(id)
    if (!place || this.#closing) return
    this.#live.delete(id)
    if (place.offset >= 0) this.#liveBytes -= place.size
    this.#appender.append({ entry: endedEntry(id, outcome) })
  }

  statistics(): JournalStatistics {
    const { file, writes, syncs } = this.#appender
    return {
      live: this.#live.size,
      bytes: file.end,
      liveBytes: this.#liveBytes,
      writes,
      syncs,
      compactions: this.#compactions,
    }
  }

  /**
   * Writes what is queued, syncs (unless the policy is 'never') and gives the file back. Rejects
   * with what went wrong; all is closed then too.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    this.#closed.abort(closed(this.path))
    await this.#compacting
    try {
      await this.#appender.flush()
    } finally {
      await this.#backlog.close()
      await this.#appender.file.handle.close()
      this.#lock.release()
    }
  }

  #reportDamage(): void {
    const means = 'messages there are lost, or run again where only their ends were'
    for (const { offset, bytes } of this.damaged)
      this.#s.report(`journal ${this.path}: ${bytes} bytes at ${offset} are damaged: ${means}`)
    if (!this.tail) return
    const { offset, bytes } = this.tail
    this.#s.report(`journal ${this.path}: its last ${bytes} bytes, from ${offset}, were no record`)
  }

  // --- compaction --------------------------------------------------------------------------

  #compactIfDue(): void {
    const { end, isBroken } = this.#appender.file
    const dead = end - HEADER_BYTES - this.#liveBytes
    if (dead <= this.#liveBytes || dead <= this.#s.compactBytes || end < this.#compactFrom) return
    if (this.#compacting || this.#closing || isBroken) return
    this.#compacting = this.#compact()
      .catch((error) => this.#notCompacted(error))
      .finally(() => (this.#compacting = undefined))
  }

  async #compact(): Promise<void> {
    const old = this.#appender.file
    const next = await JournalFile.createSuccessor(this.path)
    const isLive = (id: string, offset: number) => this.#live.get(id)?.offset === offset
    const compaction = new Compaction(old, next, isLive, this.#closed.signal)
    try {
      await compaction.approach()
      await this.#appender.replaceFile(async () => {
        await compaction.finish()
        this.#checkComplete(compaction.moved)
        await next.replace(this.path)
        this.#move(compaction.moved)
        return next
      })
    } catch (error) {
      await next.discard(this.path)
      throw error
    }
    await old.handle.close()
  }

  /** A live message that cannot be read any more stays where it is: it may still end. */
  #checkComplete(moved: ReadonlyMap<string, Move>): void {
    for (const [id, { offset }] of this.#live) {
      if (offset < 0 || moved.get(id)?.from === offset) continue
      throw new ZmqError('EIO', `the record at ${offset}, of the live message ${id}, is damaged`)
    }
  }

  #move(moved: ReadonlyMap<string, Move>): void {
    for (const [id, { from, to }] of moved) {
      const place = this.#live.get(id)
      if (place?.offset === from) place.offset = to
    }
    this.#compactions++
  }

  /** Nothing is lost, the file only stays as large as it is. */
  #notCompacted(error: Error): void {
    if (this.#closed.signal.aborted) return
    this.#compactFrom = this.#appender.file.end + Math.max(this.#s.compactBytes, RETRY_BYTES)
    this.#s.report(`journal ${this.path} was not compacted: ${error.message}`)
  }
}

/** Of the file itself, where `path` is a link to it: then its names have one lock. */
async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return resolve(path)
    throw error
  }
}

function closed(path: string): ZmqError {
  const text = `The journal ${path} is closed: open it again`
  return new ZmqError('EBADF', text, { address: path })
}

function inUse(id: string): ZmqError {
  const advice = 'give each message an id of its own'
  return new ZmqError('EINVAL', `The journal has a live message with the id ${id}: ${advice}`)
}

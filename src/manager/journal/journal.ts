// The journal: messages that were accepted outlive a crash of their process. Each is on file before
// anybody is told that it was accepted, until its end is on file too.
//
//   accepted() replaced() --.                          .--> the file at `path`
//   ended()               --+-> appender: one write ---+
//   buried() taken()      --'   for all of a turn      '--> places: id -> offset, compaction copies these
//
// A message that is dead becomes a letter (`buried`): it is no longer live, and kept until it is taken.
//
// One file, not a folder of them: it is named by one path and replaced by one rename. Beside it stand
// `path`.lock and, during a compaction, `path`.new. Of live messages places are kept and no frames:
// memory grows by about 200 bytes a live message, however large it is.

import { asZmqError, ZmqError } from '../../core/errors.ts'
import type { Message } from '../../core/message.ts'
import type { Outcome } from '../ledger.ts'
import { JournalAppender } from './journal-appender.ts'
import { JournalCompactor } from './journal-compactor.ts'
import { JournalFile } from './journal-file.ts'
import {
  ACCEPTED,
  BURIED,
  endedEntry,
  framesEntry,
  idEntry,
  REPLACED,
  startedEntry,
  TAKEN,
} from './journal-format.ts'
import { JournalLock, realOf } from './journal-lock.ts'
import { checkOptions, type JournalOptions, type JournalSettings } from './journal-options.ts'
import { LOST, type Place, Places } from './journal-places.ts'
import { Backlog, type Buried, type Recovered, type Recovery, recover } from './journal-recovery.ts'
import type { Damage } from './journal-scan.ts'

export type { FsyncPolicy, JournalOptions } from './journal-options.ts'
export type { Buried, Recovered } from './journal-recovery.ts'
export type { Damage } from './journal-scan.ts'

export interface JournalStatistics {
  /** Messages that were accepted and have not ended. */
  readonly live: number
  /** Letters that were buried and not taken. */
  readonly letters: number
  /** Of the file, and of its records of live messages and letters. */
  readonly bytes: number
  readonly liveBytes: number
  /** Since the journal was opened. */
  readonly writes: number
  readonly syncs: number
  readonly compactions: number
}

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
  readonly #live: Places
  readonly #letters: Places
  readonly #appender: JournalAppender
  readonly #compactor: JournalCompactor
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
      const backlog = await Backlog.open(real, file, recovery, lock.wasLeft)
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
    this.#live = new Places(opened.live)
    this.#letters = new Places(opened.letters)
    this.#appender = new JournalAppender(opened.file, settings, () => this.#compactor.runIfDue())
    const { path } = opened
    const places = { live: this.#live, letters: this.#letters }
    this.#compactor = new JournalCompactor(path, this.#appender, places, settings)
    this.#reportDamage()
  }

  /**
   * What had been accepted and not ended when the journal was opened, in the order it was accepted,
   * read from the file one after the other. What ends before its turn is left out. To be read once:
   * rejects with EFSM the second time.
   */
  recovered(): AsyncGenerator<Recovered> {
    return this.#backlog.messages((id, place) => this.#live.byId.get(id) === place)
  }

  /**
   * Resolves when the message will outlive a crash: of the process, or with fsync 'always' of the
   * machine too. The frames must not change or be given away until then. Rejects with EINVAL for an
   * id that is live or cannot be stored, EMSGSIZE (256 MiB), EBADF after `close`, and with the
   * system's code (ENOSPC ...) when it could not be written: it is not in the journal then. Only
   * after a failed sync (EIO) it may be, and the journal is out of use. A letter of this id is taken by
   * it, in the same record.
   */
  accepted(id: string, message: Message): Promise<void> {
    return new Promise((done, reject) => {
      if (this.#closing) throw closed(this.path)
      if (this.has(id)) throw inUse(id)
      const entry = framesEntry(ACCEPTED, id, message)
      const place = this.#live.add(id, entry.size)
      const letter = this.#letters.byId.get(id)
      this.#appender.append({
        entry,
        written: (offset) => {
          this.#live.written(id, place, offset, entry.size)
          if (letter && this.#letters.byId.get(id) === letter) this.#letters.drop(id)
        },
        settled: (error) => {
          if (error === undefined) return done()
          if (place.offset < 0) this.#lost(id, place)
          reject(error)
        },
      })
    })
  }

  #lost(id: string, place: Place): void {
    if (this.#live.byId.get(id) === place) this.#live.drop(id)
    place.offset = LOST
  }

  /** Whether a message of this id was accepted and has not ended. */
  has(id: string): boolean {
    return this.#live.byId.has(id)
  }

  /**
   * From now on a live message is this one, in the place in the order that it has. Resolves when that
   * will outlive a crash, and for an id that is not live at once: it has ended. Rejects as `accepted`
   * does; what was there before is then kept.
   */
  replaced(id: string, message: Message): Promise<void> {
    return new Promise((done, reject) => {
      if (this.#closing) throw closed(this.path)
      const place = this.#live.byId.get(id)
      if (!place) return done()
      const entry = framesEntry(REPLACED, id, message)
      this.#appender.append({
        entry,
        isVoid: () => place.offset === LOST,
        written: (offset) => this.#live.written(id, place, offset, entry.size),
        settled: (error) => (error === undefined ? done() : reject(error)),
      })
    })
  }

  /**
   * The message needs no journal any more. Of an id that is not live nothing is kept. Should the end
   * not reach the file, the message only runs again.
   */
  ended(id: string, outcome: Outcome): void {
    if (this.#closing || !this.#live.drop(id)) return
    this.#appender.append({ entry: endedEntry(id, outcome) })
  }

  /**
   * A message is dead: what is kept from now on is a letter about it, in place of an earlier one of
   * this id. Throws EINVAL and EMSGSIZE as `accepted` does. Should it not reach the file, the message
   * only runs again.
   */
  buried(id: string, letter: Message): void {
    if (this.#closing) return
    const entry = framesEntry(BURIED, id, letter)
    const live = this.#live.byId.get(id)
    const ends = [...(live ? [live] : []), ...(this.#letters.byId.get(id)?.ends ?? [])]
    this.#live.drop(id)
    this.#letters.drop(id)
    const place = this.#letters.add(id, entry.size, ends)
    const written = (offset: number): void => this.#letters.written(id, place, offset, entry.size)
    this.#appender.append({ entry, written })
  }

  /** A letter is needed no more. */
  taken(id: string): void {
    if (this.#closing || !this.#letters.drop(id)) return
    this.#appender.append({ entry: idEntry(TAKEN, id) })
  }

  /**
   * The letters there were when the journal was opened, oldest first. To be read before `recovered`;
   * rejects with EFSM afterwards.
   */
  letters(): AsyncGenerator<Buried> {
    return this.#backlog.letters()
  }

  /**
   * All that is live is being run again: `Recovered.starts` counts these. Resolves and rejects as
   * `accepted` does.
   */
  started(): Promise<void> {
    return new Promise((done, reject) => {
      if (this.#closing) throw closed(this.path)
      const settled = (error?: unknown): void => (error === undefined ? done() : reject(error))
      this.#appender.append({ entry: startedEntry(this.#lock.wasLeft), settled })
    })
  }

  statistics(): JournalStatistics {
    const { file, writes, syncs } = this.#appender
    return {
      live: this.#live.byId.size,
      letters: this.#letters.byId.size,
      bytes: file.end,
      liveBytes: this.#live.bytes + this.#letters.bytes,
      writes,
      syncs,
      compactions: this.#compactor.compactions,
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
    await this.#compactor.close(closed(this.path))
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
}

function closed(path: string): ZmqError {
  const text = `The journal ${path} is closed: open it again`
  return new ZmqError('EBADF', text, { address: path })
}

function inUse(id: string): ZmqError {
  const advice = 'give each message an id of its own'
  return new ZmqError('EINVAL', `The journal has a live message with the id ${id}: ${advice}`)
}

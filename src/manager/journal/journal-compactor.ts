// When a journal is compacted, and what becomes of it then. A compaction that fails costs nothing: the
// file only stays as large as it is.

import type { JournalAppender } from './journal-appender.ts'
import { Compaction } from './journal-compaction.ts'
import { JournalFile } from './journal-file.ts'
import { HEADER_BYTES } from './journal-format.ts'
import type { JournalSettings } from './journal-options.ts'
import type { Places } from './journal-places.ts'

/** By how much the file grows at least before a compaction that failed is tried again, bytes. */
const RETRY_BYTES = 1024 * 1024

export class JournalCompactor {
  compactions = 0
  readonly #path: string
  readonly #appender: JournalAppender
  readonly #live: Places
  readonly #letters: Places
  readonly #s: JournalSettings
  readonly #closed = new AbortController()
  #running: Promise<void> | undefined
  #from = 0 // bytes of the file, after a compaction that failed

  constructor(
    path: string,
    appender: JournalAppender,
    { live, letters }: { readonly live: Places; readonly letters: Places },
    settings: JournalSettings,
  ) {
    this.#path = path
    this.#appender = appender
    this.#live = live
    this.#letters = letters
    this.#s = settings
  }

  /** Dead records must be more than the live ones, and more than the option says. */
  runIfDue(): void {
    const { end, isBroken } = this.#appender.file
    const live = this.#live.bytes + this.#letters.bytes
    const dead = end - HEADER_BYTES - live
    if (dead <= live || dead <= this.#s.compactBytes || end < this.#from) return
    if (this.#running || this.#closed.signal.aborted || isBroken) return
    this.#running = this.#compact()
      .catch((error) => this.#failed(error))
      .finally(() => (this.#running = undefined))
  }

  /** Gives up what runs. Never rejects. */
  async close(reason: Error): Promise<void> {
    this.#closed.abort(reason)
    await this.#running
  }

  async #compact(): Promise<void> {
    const old = this.#appender.file
    const next = await JournalFile.createSuccessor(this.#path)
    const { signal } = this.#closed
    const compaction = new Compaction(old, next, this.#live, this.#letters, signal)
    const { messages, letters } = compaction
    try {
      await compaction.approach()
      await this.#appender.replaceFile(async () => {
        await compaction.finish()
        this.#live.checkMoved(messages)
        this.#letters.checkMoved(letters)
        await next.replace(this.#path)
        this.#live.move(messages)
        this.#letters.move(letters)
        this.#letters.moveEnds(messages)
        this.compactions++
        return next
      })
    } catch (error) {
      await next.discard(this.#path)
      throw error
    }
    await old.handle.close()
  }

  #failed(error: Error): void {
    if (this.#closed.signal.aborted) return
    this.#from = this.#appender.file.end + Math.max(this.#s.compactBytes, RETRY_BYTES)
    this.#s.report(`journal ${this.#path} was not compacted: ${error.message}`)
  }
}

// Group commit: records that come in the same turn of the event loop, or while others are written,
// share one write and one sync. Must not know what is live.
//
//   append() -> queue ~turn~> [ batch -> write -> sync? -> settle all ] ~turn~> [ batch ...

import { asZmqError } from '../../core/errors.ts'
import type { JournalFile } from './journal-file.ts'
import { type Entry, encodeEntry } from './journal-format.ts'
import type { JournalSettings } from './journal-options.ts'

/** A record on its way to the file, and who wants to know. */
export interface Item {
  readonly entry: Entry
  /** Asked when its turn comes: what it is about could not be written, and it is left out then. */
  isVoid?(): boolean
  /** It is in the file, at this offset; not yet as durable as the policy says. */
  written?(offset: number): void
  /** The last word: as durable as the policy says, or why not. Without it, it may be tried again. */
  settled?(error?: unknown): void
}

/** Most bytes of one write, unless a single record has more. */
const BATCH_BYTES = 1024 * 1024

export class JournalAppender {
  writes = 0
  syncs = 0
  #file: JournalFile
  readonly #s: JournalSettings
  /** Called after each batch. */
  readonly #wrote: () => void
  readonly #scratch = Buffer.allocUnsafeSlow(BATCH_BYTES)
  #queue: Item[] = []
  #unwritten: Item[] = [] // nobody waits for these: they go first next time
  #running: Promise<void> | undefined // while there is a queue
  #turnToWrite: Promise<unknown> = Promise.resolve()
  #syncing: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined // while something written waits for its sync
  #mayBeVoid = false // something in the queue
  #failing = false

  constructor(file: JournalFile, settings: JournalSettings, wrote: () => void) {
    this.#file = file
    this.#s = settings
    this.#wrote = wrote
  }

  get file(): JournalFile {
    return this.#file
  }

  append(item: Item): void {
    if (item.isVoid) this.#mayBeVoid = true
    this.#queue.push(item)
    this.#running ??= this.#run()
  }

  /** From the next write on the file is the one that `change` resolves with. Nothing is written meanwhile. */
  replaceFile(change: () => Promise<JournalFile>): Promise<void> {
    return this.#exclusively(async () => {
      this.#cancelSync()
      await this.#syncing
      this.#file = await change()
    })
  }

  /** Resolves when the queue is written. Syncs unless the policy is 'never'. Rejects if that failed. */
  async flush(): Promise<void> {
    await this.#running
    if (this.#unwritten.length > 0) this.append(this.#unwritten.pop() as Item)
    await this.#running
    this.#cancelSync()
    await this.#syncing
    if (this.#s.fsync !== 'never') await this.#sync()
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    await turn()
    while (this.#queue.length > 0) {
      const batch = this.#nextBatch()
      await this.#exclusively(() => this.#commit(batch))
      this.#wrote()
      await turn()
    }
    this.#running = undefined
  }

  #nextBatch(): Item[] {
    this.#queue = this.#unwritten.concat(this.#queue)
    this.#unwritten = []
    let bytes = 0
    const over = this.#queue.findIndex(({ entry }, i) => {
      bytes += entry.size
      return i > 0 && bytes > BATCH_BYTES
    })
    const batch = this.#queue.splice(0, over < 0 ? this.#queue.length : over)
    if (!this.#mayBeVoid) return batch
    this.#mayBeVoid = this.#queue.some(({ isVoid }) => isVoid)
    return withoutVoid(batch)
  }

  /** Never rejects. */
  async #commit(batch: Item[]): Promise<void> {
    if (batch.length === 0) return
    try {
      await this.#write(batch)
      if (this.#s.fsync === 'always') await this.#sync()
      if (this.#s.fsync === 'interval') this.#syncLater()
      this.#failing = false
    } catch (error) {
      return this.#failed(batch, asZmqError(error, 'The journal cannot be written'))
    }
    for (const item of batch) item.settled?.()
  }

  async #write(batch: Item[]): Promise<void> {
    const size = batch.reduce((sum, { entry }) => sum + entry.size, 0)
    const bytes = size <= BATCH_BYTES ? this.#scratch : Buffer.allocUnsafeSlow(size)
    const { end, mark } = this.#file
    let at = 0
    for (const { entry } of batch) {
      encodeEntry(entry, bytes, at, mark, end + at)
      at += entry.size
    }
    await this.#file.append(bytes.subarray(0, size))
    this.writes++
    at = end
    for (const item of batch) {
      item.written?.(at)
      at += item.entry.size
    }
  }

  /**
   * What is behind it in the queue fails with it: records keep their order, so it could only go where
   * these could not, and would wait for ever where the first of them is too large for what is left.
   */
  #failed(batch: Item[], error: Error): void {
    for (const item of batch) item.settled?.(error)
    const behind = withoutVoid(this.#queue)
    this.#queue = []
    for (const item of behind) item.settled?.(error)
    if (!this.#file.isBroken) this.#unwritten = batch.concat(behind).filter((item) => !item.settled)
    this.#complain(error)
  }

  /** Once per failure: while the disk is full each batch fails. */
  #complain(error: Error): void {
    if (!this.#failing) this.#s.report(error.message)
    this.#failing = true
  }

  async #sync(): Promise<void> {
    this.syncs++
    await this.#file.sync()
  }

  /** Appends go on during such a sync. */
  #syncLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#syncing = this.#syncing.then(() => this.#sync()).catch((error) => this.#complain(error))
    }, this.#s.intervalMs).unref()
  }

  #cancelSync(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #exclusively<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turnToWrite.then(act)
    this.#turnToWrite = done.catch(() => {})
    return done
  }
}

function isVoid(item: Item): boolean {
  return item.isVoid?.() ?? false
}

function withoutVoid(batch: Item[]): Item[] {
  for (const item of batch) if (isVoid(item)) item.settled?.()
  return batch.filter((item) => !isVoid(item))
}

/** The end of this turn of the event loop: by then everything it brought has come. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

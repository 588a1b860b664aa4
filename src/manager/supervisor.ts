// The supervisor owns the messages and the worker threads: it knows which message is with whom,
// bounds what is out at once, replaces threads that died, and fails what died with them.

import type { Worker } from 'node:worker_threads'
import { ZmqError } from '../core/errors.ts'
import type { Envelope, StepError } from '../topic/envelope.ts'
import type { Ledger } from './ledger.ts'
import type { Dispatcher } from './subject.ts'
import type { WorkerSettings } from './worker.ts'
import { startWorkerThread } from './worker-thread.ts'

export interface SupervisorSettings {
  readonly workerCount: number
  readonly workerPrefetch: number
  readonly workerRestarts: number
  /** Settings of a worker by its name. */
  settings(name: string): WorkerSettings
  /** Whether the Integration Manager still hears a worker. */
  isHeard(worker: string): boolean
  /** Ends a message as failed. */
  fail(envelope: Envelope, error: StepError): void
  /** Something an operator should read. */
  report(text: string): void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000

export class Supervisor implements Dispatcher {
  readonly #ledger: Ledger
  readonly #s: SupervisorSettings
  readonly #threads = new Map<string, Worker>()
  readonly #leased = new Map<string, Envelope>()
  readonly #gone = new Set<string>() // died; their last words may still be on the way
  readonly #abandon = new AbortController()
  readonly #stopping = new AbortController()
  readonly #names = new Set<string>() // of all workers there ever were
  readonly #starting = new Set<Promise<void>>()
  readonly #pauses = new Set<NodeJS.Timeout>() // before a restart
  #roomWanted: (() => void) | undefined
  #restarts = 0

  constructor(ledger: Ledger, settings: SupervisorSettings) {
    this.#ledger = ledger
    this.#s = settings
  }

  /** Names of the workers that are up. */
  get workers(): string[] {
    return [...this.#threads.keys()]
  }

  /** Whether a worker of this name is or was here. */
  knows(worker: string): boolean {
    return this.#names.has(worker)
  }

  /** Resolves when all workers are ready. Rejects with the reason why one is not. */
  async start(): Promise<void> {
    const names = Array.from({ length: this.#s.workerCount }, (_, i) => `worker-${i + 1}`)
    const started = await Promise.allSettled(names.map((name) => this.#startWorker(name)))
    const failed = started.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
  }

  /**
   * Lets the threads end by themselves, ends those that do not within `limitMs`, and those that are
   * not up yet at once. What then waits for a worker fails with ESTOPPED.
   */
  async stop(limitMs: number, finish: () => void): Promise<void> {
    const reason = new ZmqError('ESTOPPED', 'The ZManager was stopped before this message ended')
    this.#stopping.abort(reason)
    for (const pause of this.#pauses) clearTimeout(pause)
    const threads = [...this.#threads.values()]
    const ended = Promise.allSettled([
      ...threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve))),
      ...this.#starting,
    ])
    const again = setInterval(finish, 50) // a worker may have missed it if its subscription was on the way
    const limit = setTimeout(() => threads.forEach((thread) => void thread.terminate()), limitMs)
    finish()
    await ended
    clearInterval(again)
    clearTimeout(limit)
    this.#abandon.abort(reason)
    this.#serve()
  }

  /** Ends a worker's thread at once, as a crash would. */
  async kill(name: string): Promise<void> {
    await this.#threads.get(name)?.terminate()
  }

  // --- for the Subject ---------------------------------------------------------------------

  accepted({ header }: Envelope): boolean {
    return this.#ledger.accept(header.id, header.flow)
  }

  room(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#roomWanted = () => (this.abandoned.aborted ? reject(this.abandoned.reason) : resolve())
      this.#serve()
    })
  }

  get abandoned(): AbortSignal {
    return this.#abandon.signal
  }

  leased(envelope: Envelope, worker: string): void {
    this.#leased.set(envelope.header.id, envelope)
    this.#ledger.lease(envelope.header.id, worker)
    if (this.#gone.has(worker) && !this.#s.isHeard(worker)) this.workerLeft(worker)
  }

  malformed(error: unknown): void {
    this.#ledger.reject('EINVAL')
    this.#s.report(`a message was malformed: ${(error as Error).message}`)
  }

  unsaid({ header }: Envelope, { code, message }: StepError): void {
    this.ended(header.id, 'failed', undefined, code)
    this.#s.report(`a message failed and nobody could be told: ${message} (${code})`)
  }

  // --- for the Integration Manager ---------------------------------------------------------

  /** A message ended. False if it had ended before. */
  ended(
    id: string,
    outcome: 'done' | 'failed',
    worker: string | undefined,
    code: string | undefined,
  ): boolean {
    const first = this.#ledger.settle(id, outcome, worker, code)
    this.#leased.delete(id)
    this.#serve()
    return first
  }

  /** All that a dead worker had sent has been counted: what is left of its messages is lost. */
  workerLeft(worker: string): void {
    if (!this.#gone.has(worker)) return
    for (const id of this.#ledger.leasedTo(worker)) {
      const envelope = this.#leased.get(id)
      if (!envelope) continue
      const message = `${worker} ended while it had this message`
      this.#s.fail(envelope, {
        code: 'EWORKERLOST',
        step: envelope.header.key,
        message,
        retryable: true,
      })
    }
  }

  // -----------------------------------------------------------------------------------------

  /** One message at work and `workerPrefetch` waiting, for each worker that is up. */
  get #hasRoom(): boolean {
    return this.#leased.size < this.#threads.size * (this.#s.workerPrefetch + 1)
  }

  #serve(): void {
    if (!this.#hasRoom && !this.abandoned.aborted) return
    this.#roomWanted?.()
    this.#roomWanted = undefined
  }

  /** Nobody is left and nobody comes: what waits for a worker fails. */
  #abandonIfAlone(): void {
    if (this.#threads.size > 0 || this.#starting.size > 0 || this.#pauses.size > 0) return
    this.#abandon.abort(new ZmqError('ENOWORKERS', 'There is no worker left to run this step'))
    this.#serve()
  }

  #startWorker(name: string): Promise<void> {
    const starting = this.#bringUp(name).finally(() => this.#starting.delete(starting))
    this.#starting.add(starting)
    return starting
  }

  async #bringUp(name: string): Promise<void> {
    const { signal } = this.#stopping
    this.#names.add(name)
    const thread = await startWorkerThread(this.#s.settings(name), signal)
    if (signal.aborted) await thread.terminate()
    signal.throwIfAborted()
    this.#threads.set(name, thread)
    thread.on('error', (error) => this.#s.report(`${name}: ${error?.stack ?? error}`))
    thread.on('exit', () => this.#died(name))
    this.#serve()
  }

  #died(name: string): void {
    this.#threads.delete(name)
    if (this.#stopping.signal.aborted) return
    this.#gone.add(name)
    if (!this.#s.isHeard(name)) this.workerLeft(name)
    if (this.#restarts >= this.#s.workerRestarts) {
      this.#s.report(
        `${name} ended and is not replaced (worker_restarts is ${this.#s.workerRestarts})`,
      )
      return this.#abandonIfAlone()
    }
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#restarts++, LONGEST_PAUSE_MS)
    const successor = `${name.replace(/\.\d+$/, '')}.${this.#restarts}`
    this.#s.report(`${name} ended; ${successor} takes its place in ${pause} ms`)
    const timer = setTimeout(() => {
      this.#pauses.delete(timer)
      this.#replace(successor)
    }, pause)
    this.#pauses.add(timer)
  }

  #replace(name: string): void {
    this.#startWorker(name).catch((error) => {
      if (this.#stopping.signal.aborted) return
      this.#s.report(`${name}: ${error.message}`)
      this.#abandonIfAlone()
    })
  }
}

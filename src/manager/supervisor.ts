// The supervisor joins the messages to the workers: it gives out what can be given, watches the times
// of both, and when a worker is gone, and all it had sent was counted, has what it left settled.

import { clock, type Timer } from '../core/clock.ts'
import { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import type { FlowPolicy } from '../flow/policy.ts'
import type { Envelope, Header, StepError } from '../topic/envelope.ts'
import type { Dispatcher } from './dispatcher.ts'
import { Holdings, type HoldingsSettings } from './holdings.ts'
import type { Lane } from './lane.ts'
import type { Ledger } from './ledger.ts'
import type { Member } from './member.ts'
import { Pool } from './pool.ts'
import { messageOf, type Work, workOf } from './work.ts'
import type { WorkerSettings } from './worker.ts'

export interface SupervisorSettings extends HoldingsSettings {
  readonly workerCount: number
  readonly workerRestarts: number
  readonly finishMs: number
  /** The policies of all flows, and that of one by its name. */
  readonly policies: readonly FlowPolicy[]
  policyOf(flow: string): FlowPolicy
  /** The Subject has a message of this id. */
  arrived(id: string): void
  settings(member: Member): WorkerSettings
  /** Gives a message to whom this key belongs; false if nobody is connected under it. */
  send(key: string, message: Message): boolean
  /** Whether the Integration Manager still hears whom this key belongs to. */
  isHeard(key: string): boolean
  /** Tells a worker to end. */
  finish(worker: string): void
  /** Something an operator should read. */
  report(text: string): void
}

/** Messages that wait here for a worker before the Subject takes no more in. */
const MOST_WAITING = 100
const SHORTEST_TICK_MS = 5
const LONGEST_TICK_MS = 1000

export class Supervisor implements Dispatcher {
  readonly holdings: Holdings
  readonly #ledger: Ledger
  readonly #s: SupervisorSettings
  readonly #pool: Pool
  readonly #gone = new Map<string, string>() // key -> name: died; their last words may be on the way
  readonly #hung = new Set<string>()
  readonly #emptied = new Map<string, () => void>() // who waits for a worker to have nothing left
  #roomWanted: (() => void) | undefined
  #tick: Timer | undefined
  #isStarted = false
  #stopped: ZmqError | undefined

  constructor(ledger: Ledger, settings: SupervisorSettings) {
    this.#ledger = ledger
    this.#s = settings
    this.holdings = new Holdings(ledger, settings)
    const { workerRestarts, finishMs } = settings
    this.#pool = new Pool({
      workerRestarts,
      finishMs,
      settings: (member) => settings.settings(member),
      opened: ({ name, begun }) => {
        this.holdings.dispatch.open(name, begun)
        this.#pump()
      },
      died: (member) => this.#died(member),
      emptied: (worker) => this.#whenEmpty(worker),
      finish: (worker) => settings.finish(worker),
      abandoned: () => this.#failWaiting(alone()),
      report: (text) => settings.report(text),
    })
  }

  /** Names of the workers that are up. */
  get workers(): string[] {
    return this.#pool.workers
  }

  /** Whether there is or was a worker in this place. */
  knows(place: string): boolean {
    return this.#pool.knows(place)
  }

  /** Resolves when all workers are ready. Rejects with the reason why one is not. */
  async start(): Promise<void> {
    this.#isStarted = true
    this.#watch()
    await this.resize(this.#s.workerCount)
  }

  /** As `ZManager.resize`. */
  resize(count: number): Promise<void> {
    return this.#pool.resize(count)
  }

  /** Lets the workers finish what they have; what then has not ended fails with ESTOPPED. */
  async stop(): Promise<void> {
    const text = 'The ZManager was stopped before this message ended'
    this.#stopped = new ZmqError('ESTOPPED', text)
    this.#tick?.cancel()
    this.#failWaiting(this.#stopped)
    await this.#pool.stop(this.#stopped)
    this.holdings.failAll(this.#stopped)
  }

  /** Ends a worker's thread at once, as a crash would. */
  kill(worker: string): Promise<void> {
    return this.#pool.terminate(worker)
  }

  accepted({ header }: Envelope): boolean {
    this.#s.arrived(header.id)
    return this.#ledger.accept(header.id, header.flow)
  }

  give(received: Envelope, decision: Parameters<typeof workOf>[1]): Promise<void> {
    if (this.#stopped) throw this.#stopped
    if (this.#isStarted && this.#pool.isAlone) throw alone()
    const work = workOf(received, decision, this.#s.policyOf(received.header.flow))
    this.holdings.add(work, clock.now())
    this.#pump()
    if (!this.#isFull) return Promise.resolve()
    return new Promise((resolve) => {
      this.#roomWanted = resolve
    })
  }

  attached(key: string): void {
    this.#pool.attached(key)
  }

  detached(key: string): void {
    this.#pool.detached(key)
  }

  malformed(error: unknown): void {
    this.#ledger.reject('EINVAL')
    this.#s.report(`a message was malformed: ${(error as Error).message}`)
  }

  unsaid({ header }: Envelope, { code, message }: StepError): void {
    this.#ledger.settle(header.id, 'failed', undefined, code)
    this.#s.report(`a message failed and nobody could be told: ${message} (${code})`)
  }

  /** An end came by. False if the message had ended before. */
  ended(header: Header): boolean {
    const first = this.holdings.ended(header)
    this.#pump()
    return first
  }

  /** All that was sent under this key has been counted. */
  left(key: string): void {
    const worker = this.#gone.get(key)
    if (worker === undefined) return this.#pool.detached(key)
    this.#gone.delete(key)
    const isHung = this.#hung.delete(worker)
    if (this.#stopped)
      this.holdings.dispatch.close(worker, () => true) // they end when all have
    else this.holdings.lost(worker, isHung)
    this.#pump()
  }

  get #isFull(): boolean {
    return this.holdings.dispatch.waiting >= MOST_WAITING && !this.#stopped
  }

  #died({ name, key }: Member): boolean {
    const lane = this.holdings.dispatch.lane(name)
    if (lane) lane.isOpen = false
    this.#gone.set(key, name)
    if (!this.#s.isHeard(key)) this.left(key)
    return (lane?.ended ?? 0) > 0
  }

  /** Gives out what can be given, and lets those go on who wait for that. */
  #pump(): void {
    this.#closeEmptied()
    if (!this.#stopped) this.holdings.expire(clock.now())
    while (!this.#stopped) {
      const found = this.holdings.dispatch.next()
      if (!found) break
      this.#give(found.lane, found.work)
    }
    if (this.#isFull) return
    this.#roomWanted?.()
    this.#roomWanted = undefined
  }

  /** A worker whose connection broke is ended, and others get what it had. */
  #give(lane: Lane, work: Work): void {
    const key = this.#pool.keyOf(lane.worker)
    if (key !== undefined && this.#s.send(key, messageOf(work))) return
    lane.isOpen = false
    void this.#pool.terminate(lane.worker)
  }

  #whenEmpty(worker: string): Promise<void> {
    const lane = this.holdings.dispatch.lane(worker)
    if (lane) lane.isOpen = false
    return new Promise((resolve) => {
      this.#emptied.set(worker, resolve)
      this.#pump()
    })
  }

  #closeEmptied(): void {
    const { dispatch } = this.holdings
    for (const [worker, resolve] of this.#emptied) {
      if (dispatch.lane(worker)?.load) continue
      this.#emptied.delete(worker)
      dispatch.close(worker, () => true)
      resolve()
    }
  }

  #failWaiting(reason: ZmqError): void {
    this.holdings.failWaiting(reason)
    this.#pump()
  }

  /** Looks at the times of messages now and then, if any flow limits them. */
  #watch(): void {
    const limits = this.#s.policies.flatMap(({ lease, timeout }) => [lease, timeout])
    const shortest = Math.min(...limits.filter((ms) => ms > 0))
    if (shortest === Number.POSITIVE_INFINITY) return
    const everyMs = Math.min(Math.max(shortest / 4, SHORTEST_TICK_MS), LONGEST_TICK_MS)
    const tick = (): void => {
      if (this.#stopped) return
      this.#tick = clock.after(everyMs, tick)
      for (const lane of this.holdings.dispatch.lanes)
        if (lane.isOverdue(clock.now())) this.#hangs(lane)
      this.#pump()
    }
    tick()
  }

  #hangs(lane: Lane): void {
    const { worker } = lane
    if (this.#hung.has(worker)) return
    lane.isOpen = false
    this.#hung.add(worker)
    this.#s.report(`${worker} hangs and is ended: it had a message for longer than its lease`)
    void this.#pool.terminate(worker)
  }
}

const alone = (): ZmqError => new ZmqError('ENOWORKERS', 'There is no worker left to run this step')

// The supervisor joins the messages to the workers: it gives out what can be given, watches the times
// of both, and has what lost workers leave settled.

import { clock } from '../core/clock.ts'
import { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import { DEFAULT_POLICY, type FlowPolicy } from '../flow/policy.ts'
import type { Envelope, Header, StepError } from '../topic/envelope.ts'
import { valuesOf } from './codecs.ts'
import type { WhenFull } from './config.ts'
import { Conductor } from './course/conductor.ts'
import { Holdings, type HoldingsSettings } from './course/holdings.ts'
import { Room } from './course/room.ts'
import type { Work } from './course/work.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Ledger, MessageTotals } from './ledger.ts'
import { stepError } from './messages.ts'
import type { Program } from './program/program.ts'
import { Rounds } from './rounds.ts'
import { totalsOf } from './totals.ts'
import type { Values } from './worker/handlers.ts'
import type { Member } from './worker/member.ts'
import { flowsHash } from './worker/remote-words.ts'
import type { WorkerSettings } from './worker/worker.ts'
import type { WorkerOptions } from './worker/worker-options.ts'
import { Workforce } from './worker/workforce.ts'

export interface SupervisorSettings extends HoldingsSettings, WorkerOptions {
  readonly workerCount: number
  readonly workerRestarts: number
  readonly workerStartTimeout: number
  readonly finishMs: number
  readonly program: Program
  readonly whenFull?: WhenFull | undefined
  /** The Subject has a message of this id. */
  arrived(id: string): void
  settings(member: Member): WorkerSettings
  /** Gives a message to whom this key belongs; false if nobody is connected under it. */
  send(key: string, message: Message): boolean
  /** Whether the Integration Manager still hears whom this key belongs to. */
  isHeard(key: string): boolean
  publish(message: Message): void
  /** Tells whoever waits for the end of a message, or everyone. */
  tell(end: Message): void
  /** The message is at this stage from now on: what a crash leaves is begun again from here. */
  keep(id: string, stage: Message): void
  /** Tells a worker to end. */
  finish(worker: string): void
  /** Something an operator should read. */
  report(text: string): void
}

/** Messages that wait here for a worker before the Subject takes no more in. */
const MOST_WAITING = 100

export class Supervisor implements Dispatcher {
  readonly holdings: Holdings
  readonly conductor: Conductor
  readonly #ledger: Ledger
  readonly #s: SupervisorSettings
  readonly #workforce: Workforce
  readonly #room = new Room()
  readonly #rounds = new Rounds(() => this.#look())
  #isStarted = false
  #stopped: ZmqError | undefined
  #awaited: ReadonlySet<string> | undefined // ids of all that is still taken; others are refused

  constructor(ledger: Ledger, settings: SupervisorSettings) {
    this.#ledger = ledger
    this.#s = settings
    this.holdings = new Holdings(settings, {
      lost: (work, verdict) => this.conductor.lost(work, verdict),
      overdue: (id, limitMs) => this.conductor.overdue(id, limitMs),
      again: (work) => this.conductor.again(work),
      whole: (work) => this.conductor.whole(work),
    })
    this.conductor = new Conductor({
      program: settings.program,
      ledger,
      holdings: this.holdings,
      policyOf: (header) => policyOf(settings.program, header),
      give: (work) => this.#take(work),
      publish: (message) => settings.publish(message),
      tell: (end) => settings.tell(end),
      keep: (id, stage) => settings.keep(id, stage),
    })
    const { workerType, workerRestarts, workerStartTimeout, remoteWorkers, finishMs } = settings
    this.#workforce = new Workforce(this.holdings.dispatch, {
      ...{ workerType, workerRestarts, workerStartTimeout, remoteWorkers, finishMs },
      settings: (member) => settings.settings(member),
      flowsHash: () => flowsHash(settings.program),
      send: (key, message) => settings.send(key, message),
      isHeard: (key) => settings.isHeard(key),
      finish: (worker) => settings.finish(worker),
      lost: (worker, isHung) => this.#lost(worker, isHung),
      changed: () => this.#pump(),
      abandoned: () => this.#failWaiting(this.#stopped ?? alone()),
      report: (text) => settings.report(text),
    })
  }

  /** Names of the workers that are up. */
  get workers(): string[] {
    return this.#workforce.workers
  }

  /** Of these, those of this ZManager; and how many of them there are to be. */
  get local(): { readonly workers: readonly string[]; readonly size: number } {
    return this.#workforce.local
  }

  /** Whether there is or was a worker in this place. */
  knows(place: string): boolean {
    return this.#workforce.knows(place)
  }

  /** Resolves when all workers are ready. Rejects with the reason why one is not. */
  async start(): Promise<void> {
    this.#isStarted = true
    this.watch()
    await this.#workforce.resize(this.#s.workerCount)
  }

  /** As `ZManager.resize`. */
  async resize(count: number): Promise<void> {
    try {
      await this.#workforce.resize(count)
    } finally {
      if (this.#workforce.isAlone) this.#failWaiting(this.#stopped ?? alone()) // those before died meanwhile
    }
  }

  /**
   * Replaces every worker of this ZManager, without a gap, by one with settings asked for anew. Resolves
   * when all new ones are up and the old ones take nothing new; these leave when they have finished.
   * Rejects if one cannot start: those not replaced yet then stay.
   */
  renew(): Promise<void> {
    return this.#workforce.renew()
  }

  /** Lets the workers finish what they have; what then has not ended fails with ESTOPPED. */
  async stop(): Promise<void> {
    const text = 'The ZManager was stopped before this message ended'
    this.#stopped = new ZmqError('ESTOPPED', text)
    this.#rounds.end()
    this.#failWaiting(this.#stopped)
    await this.#workforce.stop(new ZmqError('ESTOPPED', 'Stopped before this worker was up'))
    this.holdings.failAll(this.#stopped)
  }

  /** Fails what waits for answers; to be called when nothing comes in any more. */
  failWaits(reason: ZmqError): void {
    this.conductor.waits.failAll(reason)
  }

  /**
   * Ends a worker at once, as a crash would; one on another machine is given up: others get what it had.
   * Rejects with ENOENT if there is none of this name.
   */
  kill(worker: string): Promise<void> {
    return this.#workforce.kill(worker)
  }

  /** From now on other messages than these are refused, that is fail with ESTOPPED. */
  takeOnly(ids: ReadonlySet<string>): void {
    this.#awaited = ids
  }

  accepted(received: Envelope): boolean {
    const { id, flow, key } = received.header
    this.#s.arrived(id)
    const isNew = this.#ledger.accept(id, flow)
    if (!isNew) this.#ledger.duplicate()
    const refusal = isNew ? this.#refusal(id) : undefined
    if (refusal) this.failed(received, stepError(refusal, key, refusal.code, true))
    return isNew && !refusal
  }

  #refusal(id: string): ZmqError | undefined {
    const isAgain = this.holdings.deadLetters.arrived(id)
    if (this.#awaited && !this.#awaited.has(id)) return finishing()
    return this.#isFull && !isAgain && this.#s.whenFull === 'refuse' ? full() : undefined
  }

  take(received: Envelope): Promise<void> {
    return this.conductor.take(received, clock.now())
  }

  failed(received: Envelope, error: StepError): void {
    this.conductor.failed(received, error)
  }

  answered(answer: Envelope): void {
    const { token = '', error, key } = answer.header
    const { waits } = this.conductor
    if (error) return void waits.fail(token, error)
    let values: Values
    try {
      values = valuesOf(answer)
    } catch (error) {
      return void waits.fail(token, stepError(error, key, 'EINVAL'))
    }
    waits.complete(token, values)
  }

  attached(key: string, flows?: string): void {
    this.#workforce.attached(key, flows)
  }

  detached(key: string): void {
    this.#workforce.detached(key)
  }

  wantsToLeave(key: string): void {
    this.#workforce.wantsToLeave(key)
  }

  malformed(error: unknown): void {
    this.#ledger.reject('EINVAL')
    this.#s.report(`a message was malformed: ${(error as Error).message}`)
  }

  /** As `EndsHooks.passes`. */
  passes(passing: Envelope): boolean {
    const isEnd = this.conductor.passes(passing)
    this.#pump()
    return isEnd
  }

  totals(): MessageTotals {
    return totalsOf(this.#ledger.totals(), this.holdings, this.conductor.waits)
  }

  /** All that was sent under this key has been counted. */
  left(key: string): void {
    this.#workforce.left(key)
  }

  get #isFull(): boolean {
    return this.holdings.dispatch.waiting >= MOST_WAITING && !this.#stopped
  }

  /** Throws ENOWORKERS when there will be no worker, ESTOPPED when the workers are told to finish. */
  #take(work: Work): Promise<void> | undefined {
    if (this.#stopped) throw this.#stopped
    if (this.#isStarted && this.#workforce.isAlone) throw alone()
    this.holdings.add(work)
    this.#pump()
    return this.#isFull && this.#s.whenFull !== 'refuse' ? this.#room.wait() : undefined
  }

  #lost(worker: string, isHung: boolean): void {
    if (!this.#stopped) this.holdings.lost(worker, isHung)
    else this.holdings.dispatch.close(worker, () => true) // they end when all have
  }

  /** Gives out what can be given, and lets those go on who wait for that. */
  #pump(): void {
    this.#workforce.closeEmptied()
    if (!this.#stopped) this.holdings.expire(clock.now())
    while (!this.#stopped) {
      const found = this.holdings.dispatch.next()
      if (!found) break
      this.#workforce.give(found.lane, found.work)
    }
    if (this.#isFull) return
    this.#room.make()
  }

  #failWaiting(reason: ZmqError): void {
    this.holdings.failWaiting(reason)
    this.#pump()
  }

  /** Watches the times of messages; again, when there are other flows. */
  watch(): void {
    this.#workforce.dismissRemotes()
    if (this.#stopped) return
    this.#rounds.begin(this.#s.program.flows.all().map(({ policy }) => policy))
  }

  #look(): void {
    this.#workforce.endOverdue(clock.now())
    this.conductor.waits.expire(Date.now())
    this.#pump()
  }
}

function policyOf({ flows }: Program, { flow, version }: Header): FlowPolicy {
  return flows.at(flow, version)?.policy ?? DEFAULT_POLICY
}

const finishing = (): ZmqError =>
  new ZmqError('ESTOPPED', 'The ZManager finishes and takes nothing new')
const full = (): ZmqError =>
  new ZmqError('EAGAIN', `${MOST_WAITING} messages wait for a worker: send it again later`)
const alone = (): ZmqError => new ZmqError('ENOWORKERS', 'There is no worker left to run this step')

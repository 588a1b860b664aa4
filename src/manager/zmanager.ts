// A ZManager: Subject, workers and Integration Manager of one process, started in order, each when
// the one before is ready.
//
//   push() --> Subject --> workers --> Integration Manager --> subscribers

import { randomUUID } from 'node:crypto'
import { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import type { IniWarning } from '../flow/ini.ts'
import { DEFAULT_POLICY } from '../flow/policy.ts'
import type { Subscriber } from '../patterns/sub.ts'
import type { ActionKey } from '../topic/action-key.ts'
import { prefixOf } from '../topic/topic.ts'
import type { Component, State } from './component.ts'
import { loadConfig, reachable, type ZManagerConfig } from './config.ts'
import type { DeadLetter } from './dead-letters.ts'
import { DurableStore } from './durable-store.ts'
import { Ends } from './ends.ts'
import type { Values } from './handlers.ts'
import { Intake } from './intake.ts'
import { IntegrationManager } from './integration-manager.ts'
import { Ledger, type Totals } from './ledger.ts'
import type { Member } from './member.ts'
import { makeProgram, type Program } from './program.ts'
import type { FlowRequestOptions } from './requests.ts'
import { Subject } from './subject.ts'
import { subscribeTo } from './subscription.ts'
import { Supervisor } from './supervisor.ts'
import { finishMessage, type WorkerSettings } from './worker.ts'

export interface ZManagerHooks {
  /** What an operator should read: workers that died, messages that made no sense. Default: stderr. */
  report?: (text: string) => void
  /** How long workers get to end by themselves when they are to, ms. Default: 5000. */
  finishMs?: number
}

const FINISH_MS = 5000

export class ZManager implements Component {
  state: State = 'new'
  /** Oddities in the flow and action files. */
  readonly warnings: readonly IniWarning[]
  readonly supervisor: Supervisor
  readonly #config: ZManagerConfig
  readonly #program: Program
  readonly #ledger: Ledger
  readonly #integrationManager: IntegrationManager
  readonly #intake: Intake
  readonly #ends: Ends
  readonly #report: (text: string) => void
  #store: DurableStore | undefined // from start on, with a journal
  #subject: Subject | undefined // from start on
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  /** Reads a zmanager.ini and what it names. Throws ZmqError with file and line. */
  static fromFile(file: string, hooks?: ZManagerHooks): ZManager {
    return new ZManager(loadConfig(file), hooks)
  }

  constructor(config: ZManagerConfig, hooks: ZManagerHooks = {}) {
    this.#config = config
    this.#program = makeProgram(config.flows, config.actions)
    this.#intake = new Intake(this.#program.flows)
    this.warnings = this.#program.warnings
    const report = hooks.report ?? ((text: string) => console.error(`zmanager: ${text}`))
    const { flows } = this.#program
    this.#ledger = new Ledger(
      {
        flow: (name) => name === '' || flows.get(name) !== undefined,
        worker: (name) => this.supervisor.knows(name),
      },
      (...end) => this.#store?.ended(...end),
    )
    this.#report = report
    this.supervisor = new Supervisor(this.#ledger, {
      ...config,
      finishMs: hooks.finishMs ?? FINISH_MS,
      policies: flows.names.map((name) => flows.find(name).policy),
      policyOf: (flow) => flows.get(flow)?.policy ?? DEFAULT_POLICY,
      arrived: (id) => void this.#intake.onTheWay.delete(id),
      settings: (member) => this.#settingsOf(member),
      send: (key, message) => this.#started.send(key, message),
      isHeard: (key) => this.#integrationManager.hears(key),
      tell: (end) => this.#ends.tell(end),
      finish: (worker) => this.#publish(finishMessage(worker)),
      report,
    })
    this.#ends = new Ends({
      ended: (header) => this.supervisor.ended(header),
      publish: (message) => this.#publish(message),
      report,
    })
    this.#integrationManager = new IntegrationManager(config, {
      passing: (message) => this.#ends.passes(message),
      left: (key) => this.supervisor.left(key),
    })
  }

  /** Names of the flows that can be pushed to. */
  get flows(): readonly string[] {
    return this.#program.flows.names
  }

  /** Where subscribers connect. */
  get pubAddress(): string {
    return reachable(this.#integrationManager.pubAddress)
  }

  /** Where producers connect. */
  get pullAddress(): string {
    return reachable(this.#started.pullAddress)
  }

  /** Where workers connect. */
  get pushAddress(): string {
    return reachable(this.#started.pushAddress)
  }

  /**
   * Rejects with what is wrong (an address in use, a handler that is missing, EBUSY for a journal
   * that another process has, EINVAL for a file that is none); nothing then stays open. What the
   * journal has of an earlier run is run before anything new. Rejects with EFSM when it was called before, and changes nothing then.
   */
  async start(): Promise<void> {
    if (this.state !== 'new' || this.#starting)
      throw new ZmqError('EFSM', 'A ZManager starts once: make a new one')
    this.#starting = this.#open()
    try {
      await this.#starting
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async #open(): Promise<void> {
    this.#store = await DurableStore.open(this.#config, {
      malformed: (error) => this.supervisor.malformed(error),
      report: this.#report,
    })
    await this.#integrationManager.start()
    const heard = reachable(this.#integrationManager.pullAddress)
    this.#subject = new Subject(this.#config, this.#program, this.supervisor, heard, this.#store)
    await this.#subject.start()
    await this.supervisor.start()
    this.#intake.connect(this.pullAddress)
    this.state = 'running'
  }

  /**
   * Sends values into a flow; waits while the Subject is full. Resolves with the message's id; with a
   * journal once the message is on file, so that it outlives this process. Rejects with ENOENT for
   * an unknown flow, and with the system's code (ENOSPC ...) when it cannot be put on file.
   */
  async push(flow: string, values: Values): Promise<string> {
    const id = randomUUID()
    const send = () => this.#intake.push(id, flow, values)
    await (this.#store ? this.#store.whenKept(id, send) : send())
    return id
  }

  /**
   * Sends values into a flow and resolves with those of the message's end, which nobody else gets.
   * Rejects with a FlowError when the message fails, with ETIMEDOUT after `timeout`, with the
   * signal's reason, or with ENOENT for an unknown flow.
   */
  async request(flow: string, values: Values, options: FlowRequestOptions = {}): Promise<Values> {
    options.signal?.throwIfAborted()
    const id = randomUUID()
    const answer = this.#ends.requests.listen(id, options)
    this.#intake.push(id, flow, values).catch((error) => this.#ends.requests.cancel(id, error))
    return answer
  }

  /** Messages that took too many workers with them, the oldest first. */
  deadLetters(): DeadLetter[] {
    return this.supervisor.holdings.deadLetters.list()
  }

  /**
   * Sends dead letters again, that of this id or all of them, as messages that nobody tried yet.
   * Resolves with their number. Rejects with ENOENT if there is none of this id.
   */
  async replay(id?: string): Promise<number> {
    const { deadLetters } = this.supervisor.holdings
    const ids = id === undefined ? deadLetters.list().map(({ header }) => header.id) : [id]
    for (const each of ids) await this.#intake.replay(each, deadLetters)
    return ids.length
  }

  /**
   * Changes the number of workers. Resolves when the new ones are ready, or those too many have
   * finished what they had and ended. Rejects with EINVAL for less than 1, EFSM when the ZManager
   * does not run, or the reason why one cannot start.
   */
  async resize(workers: number): Promise<void> {
    this.#assertRunning('resize')
    if (!Number.isSafeInteger(workers) || workers < 1)
      throw new ZmqError(
        'EINVAL',
        `A ZManager has a whole number of workers from 1 up, not ${workers}`,
      )
    await this.supervisor.resize(workers)
  }

  /**
   * What is published under keys that match `pattern` (or share its topic's prefix: filter with
   * `matches` where that matters). Resolves when the subscription is in force: nothing published
   * after that is missed. The queue is unlimited; close the socket when done. Rejects with EFSM
   * when the ZManager does not run.
   */
  async subscribe(pattern: ActionKey): Promise<Subscriber> {
    this.#assertRunning('subscribe')
    return subscribeTo(this.#integrationManager, this.pubAddress, prefixOf(pattern))
  }

  totals(): Totals {
    return this.supervisor.holdings.totals()
  }

  /** Resolves when everything pushed here and everything accepted has ended. */
  drain(): Promise<void> {
    return this.#ledger.when(() => this.#intake.onTheWay.size === 0 && this.#ledger.inFlight === 0)
  }

  /**
   * FINISH: the workers finish what they have and end; then the other parts close, and what has not
   * ended counts as failed with ESTOPPED. With a journal that is run when it is started again.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#close()
    return this.#stopping
  }

  async #close(): Promise<void> {
    this.state = 'draining'
    this.#intake.close()
    await this.supervisor.stop()
    await this.#starting?.catch(() => {}) // start() says why
    await this.#subject?.stop()
    await this.#integrationManager.stop()
    for (const [id, flow] of this.#intake.onTheWay) this.#ledger.accept(id, flow)
    this.#intake.onTheWay.clear()
    this.#ledger.failAll('ESTOPPED')
    this.#ends.requests.cancelAll(
      new ZmqError('ESTOPPED', 'The ZManager was stopped before an answer came'),
    )
    await this.#store?.close()
    this.state = 'stopped'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  get #started(): Subject {
    if (this.#subject) return this.#subject
    throw new ZmqError('EFSM', 'The ZManager is not started: await start() first')
  }

  #assertRunning(what: string): void {
    if (this.state === 'running') return
    throw new ZmqError('EFSM', `The ZManager is ${this.state}: ${what} while it runs`)
  }

  #settingsOf({ name, key, begun }: Member): WorkerSettings {
    return {
      name,
      key,
      begun,
      subjectPushAddress: this.pushAddress,
      integrationManagerPullAddress: reachable(this.#integrationManager.pullAddress),
      integrationManagerPubAddress: this.pubAddress,
      prefetch: this.#config.workerPrefetch,
      flows: this.#config.flows,
      actions: this.#config.actions,
    }
  }

  #publish(message: Message): void {
    this.#integrationManager.publish(message).catch(() => {}) // it is closed: nobody is there to hear it
  }
}

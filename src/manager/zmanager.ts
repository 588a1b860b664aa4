// A ZManager: Subject, workers and Integration Manager of one process, started in order, each when
// the one before is ready.
//
//   push() --> Subject --> workers --> Integration Manager --> subscribers

import { randomUUID } from 'node:crypto'
import { ZmqError } from '../core/errors.ts'
import type { Flow } from '../flow/flow.ts'
import type { IniWarning } from '../flow/ini.ts'
import type { ActionKey } from '../topic/action-key.ts'
import { Boxes } from './boxes.ts'
import type { Component, State } from './component.ts'
import { loadConfig, type ZManagerConfig } from './config.ts'
import { assertConfig } from './config-assert.ts'
import { Control } from './control/control.ts'
import { controlCommands } from './control/control-commands.ts'
import type { Respond } from './course/responders.ts'
import type { OpenWaits } from './course/waits.ts'
import type { DeadLetter } from './dead-letters.ts'
import type { Totals } from './ledger.ts'
import type { AnyFlow, InputOf, OutputOf } from './program/define-flow.ts'
import type { Reloaded } from './program/reload.ts'
import { safeReport } from './report.ts'
import type { FlowRequestOptions } from './requests.ts'
import type { Services } from './service/services.ts'
import { type SubscribeOptions, Subscription } from './subscription.ts'
import type { Supervisor } from './supervisor.ts'
import type { Values } from './worker/handlers.ts'

export interface ZManagerHooks {
  /** What an operator should read: workers that died, messages that made no sense. Default: stderr. */
  report?: (text: string) => void
  /** How long workers get to end by themselves when they are to, ms. Default: 5000. */
  finishMs?: number
}

const FINISH_MS = 5000

export class ZManager implements Component {
  state: State = 'new'
  /** Resolves when all has ended, whoever stopped it or had it finish; never rejects. */
  readonly ended: Promise<void>
  readonly #boxes: Boxes
  readonly #control: Control
  #file: string | undefined // where the configuration is
  #loading: Promise<void> | undefined
  #starting: Promise<void> | undefined
  #opening: Promise<void> | undefined // its second part: what stop has to wait for
  #finishing: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #resolveEnded!: () => void

  /** Reads a zmanager.ini and what it names. Throws ZmqError with file and line. */
  static fromFile(file: string, hooks?: ZManagerHooks): ZManager {
    const manager = new ZManager(loadConfig(file), hooks)
    manager.#file = file
    return manager
  }

  constructor(config: ZManagerConfig, hooks: ZManagerHooks = {}) {
    assertConfig(config)
    const report = safeReport(hooks.report)
    const { finishMs = FINISH_MS } = hooks
    this.#boxes = new Boxes(config, { report, finishMs, isRunning: () => this.state === 'running' })
    this.#control = new Control(config, controlCommands(this, this.services), report)
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
  }

  /** Oddities in the flow and action files. */
  get warnings(): readonly IniWarning[] {
    return this.#boxes.program.warnings
  }

  get supervisor(): Supervisor {
    return this.#boxes.supervisor
  }

  /** The services of the configuration. */
  get services(): Services {
    return this.#boxes.services
  }

  /** Names of the flows that can be pushed to. */
  get flows(): readonly string[] {
    return this.#boxes.program.flows.names
  }

  /** The flow of this name that is in force. Throws ENOENT for an unknown one. */
  flow(name: string): Flow {
    return this.#boxes.program.flows.find(name)
  }

  /** Where subscribers connect. */
  get pubAddress(): string {
    return this.#boxes.pubAddress
  }

  /** Where producers connect. */
  get pullAddress(): string {
    return this.#boxes.pullAddress
  }

  /** Where workers connect. */
  get pushAddress(): string {
    return this.#boxes.pushAddress
  }

  /** Where a running ZManager is asked and steered (zmanager top, dead, scale ...); undefined: nowhere. */
  get controlAddress(): string | undefined {
    return this.#control.address
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

  /** Imports `modules`, as `start` does: then `flows` has theirs. Rejects with ENOENT if one cannot be. */
  load(): Promise<void> {
    this.#loading ??= this.#boxes.load()
    return this.#loading
  }

  async #open(): Promise<void> {
    await Promise.race([this.load(), this.ended]) // a module may take for ever
    this.#opening = this.#boxes.open().then(() => this.#control.start())
    await this.#opening
    if (this.state === 'new') this.state = 'running' // else it stops already
  }

  /**
   * Sends values into a flow; waits while the Subject is full, and before `start` for that. Resolves with the message's id; with a
   * journal once the message is on file, so that it outlives this process. Rejects with ENOENT for
   * an unknown flow, with ESTOPPED once the ZManager finishes or stops, and with a journal with the
   * system's code (ENOSPC ...) when it cannot be put on file, EAGAIN when it is refused (`when_full`).
   */
  async push<F extends AnyFlow>(flow: F, values: InputOf<F>): Promise<string> {
    const id = randomUUID()
    await this.#boxes.whenKept(id, () => this.#boxes.intake.push(id, flow, values as Values))
    return id
  }

  /**
   * Sends values into a flow and resolves with those of the message's end, which nobody else gets.
   * Rejects with a FlowError when the message fails, with ETIMEDOUT after `timeout`, with the
   * signal's reason, with ENOENT for an unknown flow, EINVAL or EMSGSIZE for values it cannot have,
   * ESTOPPED once the ZManager finishes or stops. With EINVAL for a bad `timeout`: nothing is sent.
   */
  async request<F extends AnyFlow>(
    flow: F,
    values: InputOf<F>,
    options: FlowRequestOptions = {},
  ): Promise<OutputOf<F>> {
    const id = randomUUID()
    const answer = this.#boxes.ends.requests.listen(id, options)
    const sent = this.#boxes.intake.push(id, flow, values as Values)
    sent.catch((error) => this.#boxes.ends.requests.cancel(id, error))
    return answer as Promise<OutputOf<F>>
  }

  /** Messages that took too many workers with them, the oldest first. */
  deadLetters(): DeadLetter[] {
    return this.supervisor.holdings.deadLetters.list()
  }

  /**
   * Sends dead letters again, that of this id or all of them, as messages that nobody tried yet.
   * Resolves with their number. Rejects with ENOENT if there is none of this id.
   */
  replay(id?: string): Promise<number> {
    return this.#boxes.replay(id)
  }

  /**
   * Changes the number of workers. Resolves when the new ones are ready, or those too many have
   * finished what they had and ended. Rejects with EINVAL for less than 1 (0 with remote workers), EFSM when the ZManager
   * does not run, or the reason why one cannot start.
   */
  async resize(workers: number): Promise<void> {
    this.#assertRunning('resize')
    await this.supervisor.resize(workers)
  }

  /**
   * Reads the files anew (or takes another configuration), without a stop: messages under way go on
   * in the version of their flow and the mapping it came with, unless the new mapping has their
   * steps; handlers are loaded anew for all. Resolves with the names of the flows that changed and what
   * is odd in the files, when every worker has a successor and new messages begin in the new flows; UPDATE is published then.
   * Workers that were replaced leave when they have finished what they have.
   *
   * It may change flows, mapping, handlers and `worker_count`. Rejects, and nothing changes, with
   * EINVAL for another key, a file that makes no sense, a step that nobody would do, or a ZManager
   * that was made from no file; with the reason why a worker cannot start; with EFSM when it does not
   * run. A second call waits for the first. To go back, reload the files of before.
   */
  async reload(config?: ZManagerConfig): Promise<Reloaded> {
    if (config) assertConfig(config)
    return this.#boxes.reloader.reload(() => config ?? this.#readConfig())
  }

  /**
   * What is published under keys that match `pattern`: `for await (const event of manager.subscribe(key))`.
   * Fields of the pattern that are empty match anything; as a string it is the text of a key, which
   * has no flow. The subscription begins at once; `await ready()` where what is published next must
   * not be missed. Its queue is unlimited. With `replay_window` it can begin with what was published
   * before: `last` or `replay`. Throws EINVAL for a bad pattern or options, EFSM when the ZManager
   * does not run.
   */
  subscribe(pattern: ActionKey | string, options: SubscribeOptions = {}): Subscription {
    this.#assertRunning('subscribe')
    return new Subscription(this.#boxes.integrationManager, this.pubAddress, pattern, options)
  }

  /**
   * Answers published steps whose keys match `pattern`: their messages go on with what `respond` gives,
   * or fail with what it throws. Returns what takes it away again. Throws EINVAL for a pattern that is none.
   */
  serve(pattern: ActionKey | string, respond: Respond): () => void {
    return this.supervisor.conductor.responders.add(pattern, respond)
  }

  /** The messages that wait for an answer, and how to end their waits. */
  get waits(): OpenWaits {
    return this.supervisor.conductor.waits
  }

  totals(): Totals {
    return this.#boxes.totals()
  }

  /** Resolves when everything pushed here and everything accepted has ended. */
  drain(): Promise<void> {
    const { ledger, intake } = this.#boxes
    return ledger.when(() => intake.onTheWay.size === 0 && ledger.inFlight === 0)
  }

  /**
   * FINISH: takes nothing new (that fails with ESTOPPED), waits until what was accepted has ended, and
   * stops. `stop` meanwhile ends the waiting.
   */
  finish(): Promise<void> {
    this.#finishing ??= this.#finish()
    return this.#finishing
  }

  async #finish(): Promise<void> {
    if (this.state === 'new') await this.#starting?.catch(() => {}) // start() says why
    if (this.state === 'running') {
      this.state = 'draining'
      this.#boxes.intake.refuse()
      this.supervisor.takeOnly(new Set(this.#boxes.intake.onTheWay.keys()))
      await this.drain()
    }
    await this.stop()
  }

  /**
   * FINISH-NOW: the workers finish what they have and end; then the other parts close, and what has not
   * ended counts as failed with ESTOPPED. With a journal that is run when it is started again.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#close().then(() => this.#control.stop())
    return this.#stopping
  }

  async #close(): Promise<void> {
    this.state = 'draining'
    await this.#boxes.close(this.#opening?.catch(() => {})) // start() says why
    this.state = 'stopped'
    this.#resolveEnded()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #assertRunning(what: string): void {
    if (this.state === 'running') return
    throw new ZmqError('EFSM', `The ZManager is ${this.state}: ${what} while it runs`)
  }

  #readConfig(): ZManagerConfig {
    if (this.#file !== undefined) return loadConfig(this.#file)
    throw new ZmqError('EINVAL', 'This ZManager was made from no file: give reload a configuration')
  }
}

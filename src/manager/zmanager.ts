// A ZManager: Subject, workers and Integration Manager of one process, started in order, each when
// the one before is ready.
//
//   push() --> Subject --> workers --> Integration Manager --> subscribers

import { randomUUID } from 'node:crypto'
import { ZmqError } from '../core/errors.ts'
import { type Message, textFrame } from '../core/message.ts'
import type { IniWarning } from '../flow/ini.ts'
import { Push } from '../patterns/push.ts'
import { Subscriber } from '../patterns/sub.ts'
import { ActionKey } from '../topic/action-key.ts'
import { decodeEnvelope } from '../topic/envelope.ts'
import { prefixOf } from '../topic/topic.ts'
import { encodeValue } from '../wire/value.ts'
import type { Component, State } from './component.ts'
import { loadConfig, type ZManagerConfig } from './config.ts'
import type { Values } from './handlers.ts'
import { IntegrationManager } from './integration-manager.ts'
import { Ledger, type Totals } from './ledger.ts'
import { envelope, FORMAT } from './messages.ts'
import { makeProgram, type Program } from './program.ts'
import { Subject } from './subject.ts'
import { Supervisor } from './supervisor.ts'
import { FINISH } from './worker.ts'

export interface ZManagerHooks {
  /** What an operator should read: workers that died, messages that made no sense. Default: stderr. */
  report?: (text: string) => void
  /** How long workers get to end by themselves when the ZManager stops, ms. Default: 5000. */
  finishMs?: number
}

/** How often a new subscriber is tried to be reached. */
const PROBE_MS = 2
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
  readonly #input = new Push({ linger: 0 })
  readonly #pushed = new Map<string, string>() // id and flow: by this process, not yet with the Subject
  readonly #report: (text: string) => void
  readonly #finishMs: number
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
    this.warnings = this.#program.warnings
    this.#report = hooks.report ?? ((text) => console.error(`zmanager: ${text}`))
    this.#finishMs = hooks.finishMs ?? FINISH_MS
    const names = new Set(['', ...this.flows])
    this.#ledger = new Ledger({
      flow: (name) => names.has(name),
      worker: (name) => this.supervisor.knows(name),
    })
    this.supervisor = new Supervisor(this.#ledger, {
      ...config,
      settings: (name) => ({
        name,
        subjectPushAddress: reachable(this.#started.pushAddress),
        integrationManagerPullAddress: reachable(this.#integrationManager.pullAddress),
        integrationManagerPubAddress: reachable(this.#integrationManager.pubAddress),
        prefetch: config.workerPrefetch,
        flows: config.flows,
        actions: config.actions,
      }),
      isHeard: (worker) => this.#integrationManager.hears(worker),
      fail: (failed, error) => void this.#started.fail(failed, error).catch(() => {}),
      report: this.#report,
    })
    this.#integrationManager = new IntegrationManager(config, {
      passing: (message) => this.#passing(message),
      workerLeft: (worker) => this.supervisor.workerLeft(worker),
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

  /**
   * Rejects with what is wrong (an address in use, a handler that is missing); nothing then stays
   * open. Rejects with EFSM when it was called before, and changes nothing then.
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
    await this.#integrationManager.start()
    const heard = reachable(this.#integrationManager.pullAddress)
    this.#subject = new Subject(this.#config, this.#program, this.#dispatcher(), heard)
    await this.#subject.start()
    await this.supervisor.start()
    this.#input.connect(this.pullAddress)
    this.state = 'running'
  }

  /** Sends values into a flow; waits while the Subject is full. Resolves with the message's id. Rejects with ENOENT for an unknown flow. */
  async push(flow: string, values: Values): Promise<string> {
    const { name, version, steps } = this.#program.flows.find(flow)
    const key = steps[0] ?? ActionKey.of({ flow: name, action: 'done' })
    const id = randomUUID()
    const header = {
      id,
      flow: name,
      version,
      step: 0,
      format: FORMAT,
      at: Date.now(),
      attempt: 1,
      key: key.toString(),
    }
    const message = envelope(key, header, encodeValue(values))
    this.#pushed.set(id, name)
    try {
      await this.#input.send(message)
    } catch (error) {
      this.#pushed.delete(id)
      throw error
    }
    return id
  }

  /**
   * What is published under keys that match `pattern` (or share its topic's prefix: filter with
   * `matches` where that matters). Resolves when the subscription is in force: nothing published
   * after that is missed. The queue is unlimited; close the socket when done. Rejects with EFSM
   * when the ZManager does not run.
   */
  async subscribe(pattern: ActionKey): Promise<Subscriber> {
    if (this.state !== 'running')
      throw new ZmqError('EFSM', `The ZManager is ${this.state}: subscribe while it runs`)
    const subscriber = new Subscriber({ receiveHighWaterMark: 0 })
    const probe = `probe~${randomUUID()}~`
    subscriber.subscribe(prefixOf(pattern), probe) // in this order: with the second the first is in force
    subscriber.connect(this.pubAddress)
    const broken = new AbortController()
    const again = setInterval(() => {
      const publishing = this.#integrationManager.publish([textFrame(probe)])
      publishing.catch((error) => broken.abort(error))
    }, PROBE_MS)
    try {
      await subscriber.receive({ signal: broken.signal })
      subscriber.unsubscribe(probe)
      return subscriber
    } catch (error) {
      void subscriber.close()
      throw error
    } finally {
      clearInterval(again)
    }
  }

  totals(): Totals {
    return this.#ledger.totals()
  }

  /** Resolves when everything pushed here and everything accepted has ended. */
  drain(): Promise<void> {
    return this.#ledger.when(() => this.#pushed.size === 0 && this.#ledger.inFlight === 0)
  }

  /**
   * FINISH: the workers finish what they have and end; then the other parts close, and what has not
   * ended counts as failed with ESTOPPED.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#close()
    return this.#stopping
  }

  async #close(): Promise<void> {
    this.state = 'draining'
    void this.#input.close()
    const header = {
      id: '',
      flow: FINISH.flow,
      version: '',
      step: 0,
      format: FORMAT,
      at: Date.now(),
      attempt: 1,
      key: `${FINISH}`,
    }
    const finish = envelope(FINISH, header, encodeValue({}))
    await this.supervisor.stop(
      this.#finishMs,
      () => void this.#integrationManager.publish(finish).catch(() => {}),
    )
    await this.#starting?.catch(() => {}) // start() says why
    await this.#subject?.stop()
    await this.#integrationManager.stop()
    for (const [id, flow] of this.#pushed) this.#ledger.accept(id, flow)
    this.#pushed.clear()
    this.#ledger.failAll('ESTOPPED')
    this.state = 'stopped'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  get #started(): Subject {
    if (this.#subject) return this.#subject
    throw new ZmqError('EFSM', 'The ZManager is not started: await start() first')
  }

  #dispatcher(): ConstructorParameters<typeof Subject>[2] {
    const { supervisor } = this
    return {
      abandoned: supervisor.abandoned,
      accepted: (received) => {
        this.#pushed.delete(received.header.id)
        return supervisor.accepted(received)
      },
      room: () => supervisor.room(),
      leased: (given, worker) => supervisor.leased(given, worker),
      malformed: (error) => supervisor.malformed(error),
      unsaid: (failed, error) => supervisor.unsaid(failed, error),
    }
  }

  /** Counts the ends that pass the Integration Manager; a second end of a message is not published. */
  #passing(message: Message): boolean {
    try {
      const { header } = decodeEnvelope(message)
      if (header.outcome === undefined) return true
      return this.supervisor.ended(header.id, header.outcome, header.worker, header.error?.code)
    } catch (error) {
      this.#report(
        `the Integration Manager got a message that is no envelope: ${(error as Error).message}`,
      )
      return false
    }
  }
}

/** A bound endpoint as one connects to it from this machine. */
function reachable(endpoint: string): string {
  return endpoint.replace(/^(\w+:\/\/)(0\.0\.0\.0|\[::\])(?=:)/, '$1127.0.0.1')
}

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
}

/** How often a new subscriber is tried to be reached. */
const PROBE_MS = 2
/** How long workers get to end by themselves. */
const FINISH_MS = 5000

export class ZManager implements Component {
  state: State = 'new'
  /** Oddities in the flow and action files. */
  readonly warnings: readonly IniWarning[]
  readonly supervisor: Supervisor
  readonly #config: ZManagerConfig
  readonly #program: Program
  readonly #ledger = new Ledger()
  readonly #integrationManager: IntegrationManager
  readonly #input = new Push()
  readonly #pushed = new Set<string>() // by this process, not yet with the Subject
  readonly #report: (text: string) => void
  #subject: Subject | undefined // from start on

  /** Reads a zmanager.ini and what it names. Throws ZmqError with file and line. */
  static fromFile(file: string, hooks?: ZManagerHooks): ZManager {
    return new ZManager(loadConfig(file), hooks)
  }

  constructor(config: ZManagerConfig, hooks: ZManagerHooks = {}) {
    this.#config = config
    this.#program = makeProgram(config.flows, config.actions)
    this.warnings = this.#program.warnings
    this.#report = hooks.report ?? ((text) => console.error(`zmanager: ${text}`))
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

  /** Rejects with what is wrong (an address in use, a handler that is missing); nothing then stays open. */
  async start(): Promise<void> {
    try {
      await this.#integrationManager.start()
      const heard = reachable(this.#integrationManager.pullAddress)
      this.#subject = new Subject(this.#config, this.#program, this.#dispatcher(), heard)
      await this.#subject.start()
      await this.supervisor.start()
      this.#input.connect(this.pullAddress)
      this.state = 'running'
    } catch (error) {
      await this.stop()
      throw error
    }
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
    this.#pushed.add(id)
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
   * after that is missed. The queue is unlimited; close the socket when done.
   */
  async subscribe(pattern: ActionKey): Promise<Subscriber> {
    const subscriber = new Subscriber({ receiveHighWaterMark: 0 })
    const probe = `probe~${randomUUID()}~`
    subscriber.subscribe(prefixOf(pattern), probe) // in this order: with the second the first is in force
    subscriber.connect(this.pubAddress)
    const heard = subscriber.receive()
    const again = setInterval(
      () => void this.#integrationManager.publish([textFrame(probe)]),
      PROBE_MS,
    )
    await heard.finally(() => clearInterval(again))
    subscriber.unsubscribe(probe)
    return subscriber
  }

  totals(): Totals {
    return this.#ledger.totals()
  }

  /** Resolves when everything pushed here and everything accepted has ended. */
  drain(): Promise<void> {
    return this.#ledger.when(() => this.#pushed.size === 0 && this.#ledger.inFlight === 0)
  }

  /** FINISH: the workers finish what they have and end; then the other parts close. */
  async stop(): Promise<void> {
    if (this.state === 'stopped') return
    this.state = 'stopped'
    await this.#input.close()
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
      FINISH_MS,
      () => void this.#integrationManager.publish(finish).catch(() => {}),
    )
    await this.#subject?.stop()
    await this.#integrationManager.stop()
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

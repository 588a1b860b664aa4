// The services of a ZManager: all of them by id, what is done with them, and how they fare.

import { ZmqError } from '../../core/errors.ts'
import type { ActionKey } from '../../topic/action-key.ts'
import { Commander, type ServiceBus } from './service-bus.ts'
import type { ServicesConfig } from './service-config.ts'
import { serveCore } from './service-core.ts'
import {
  healthFrom,
  type OverallHealth,
  overallHealth,
  type ServiceHealth,
  unresponsive,
} from './service-health.ts'
import { doneKey, fieldsOf, keyFrom } from './service-topics.ts'
import { type ServiceStatus, ServiceUnit } from './service-unit.ts'
import { watch } from './service-watch.ts'

const NONE: ServicesConfig = {
  services: [],
  ...{ restarts: 0, startMs: 0, stopMs: 0, answerMs: 0, hangMs: 0 },
}

/** All of these reject with ENOENT, naming the ids there are, for an id that is none of them. */
export class Services {
  readonly #units: ReadonlyMap<string, ServiceUnit>
  readonly #answerMs: number
  readonly #hangMs: number
  readonly #bus: ServiceBus
  readonly #commander: Commander
  readonly #watching = new AbortController()
  #isOpen = false
  #isClosed = false
  #unserve = (): void => {}

  constructor(config: ServicesConfig = NONE, bus: ServiceBus) {
    this.#bus = bus
    this.#answerMs = config.answerMs
    this.#hangMs = config.hangMs
    this.#commander = new Commander(bus)
    const hooks = {
      limits: config,
      addresses: () => bus.addresses(),
      tellToStop: (id: string) => this.#commander.tell(id, 'stop_service'),
      report: (text: string) => bus.report(text),
    }
    const units = config.services.map((one) => new ServiceUnit(one, one.flows.map(doneKey), hooks))
    this.#units = new Map(units.map((unit) => [unit.config.id, unit]))
  }

  /** In the order of the configuration. */
  get ids(): readonly string[] {
    return [...this.#units.keys()]
  }

  /** For the ZManager. Starts what is to run; one that cannot is in ERROR and reported, the others run. */
  async open(): Promise<void> {
    if (this.#units.size === 0) return
    await this.#commander.open()
    if (this.#isClosed) return this.#commander.close()
    this.#isOpen = true
    this.#unserve = serveCore(this, this.#bus)
    this.#warn()
    if (this.#hangMs > 0)
      for (const unit of this.#units.values()) void watch(unit, this.#hangMs, this.#watching.signal)
    const wanted = [...this.#units.values()].filter(({ status }) => status.wanted === 'RUNNING')
    const starting = wanted.map(async (unit) => {
      await unit.start().catch((error) => {
        this.#bus.report(`service ${unit.config.id} does not run: ${(error as Error).message}`)
      })
    })
    await Promise.all(starting)
  }

  /** For the ZManager. Stops all. */
  async close(): Promise<void> {
    this.#isOpen = false
    this.#isClosed = true
    this.#unserve()
    this.#watching.abort()
    await Promise.all([...this.#units.values()].map((unit) => unit.stop()))
    await this.#commander.close()
  }

  /** The status of all, in the order of the configuration. */
  list(): ServiceStatus[] {
    return [...this.#units.values()].map(({ status }) => status)
  }

  /** Throws ENOENT. */
  status(id: string): ServiceStatus {
    return this.#unit(id).status
  }

  /**
   * Resolves when it runs; at once if it does. Rejects with the reason why it cannot, ETIMEDOUT after
   * `start_timeout`, ESTOPPED when it is stopped meanwhile, EFSM when the ZManager does not run.
   */
  async start(id: string): Promise<ServiceStatus> {
    const unit = this.#unit(id)
    this.#assertOpen()
    await unit.start()
    return unit.status
  }

  /** Resolves when it has ended; it is ended after `stop_timeout`. */
  async stop(id: string): Promise<ServiceStatus> {
    const unit = this.#unit(id)
    await unit.stop()
    return unit.status
  }

  /** As `stop` and then `start`. */
  async restart(id: string): Promise<ServiceStatus> {
    const unit = this.#unit(id)
    this.#assertOpen()
    await unit.restart()
    return unit.status
  }

  /** Of one service: UNRESPONSIVE if it does not run, or does not answer within `answer_timeout`. */
  health(id: string): Promise<ServiceHealth>
  /** Of all that are to run. */
  health(): Promise<OverallHealth>
  async health(id?: string): Promise<ServiceHealth | OverallHealth> {
    if (id !== undefined) return this.#healthOf(this.#unit(id))
    const wanted = [...this.#units.values()].filter(({ status }) => status.wanted === 'RUNNING')
    return overallHealth(await Promise.all(wanted.map((unit) => this.#healthOf(unit))))
  }

  /** The keys that a service listens to. Rejects with EFSM if it does not run. */
  async topics(id: string): Promise<ActionKey[]> {
    const unit = this.#running(id)
    const keys = await this.#commander.ask(unit.config.id, 'get_topics', this.#answerMs)
    return (keys as unknown[]).map(keyFrom)
  }

  /**
   * Has a service that runs listen to a key; after a restart it does again. Resolves when nothing is
   * missed any more. Rejects with EFSM if it does not run.
   */
  async putTopic(id: string, key: ActionKey): Promise<void> {
    const unit = this.#running(id)
    await this.#commander.ask(id, 'add_topic', this.#answerMs, { topic: fieldsOf(key) })
    if (!unit.topics.some((one) => one.equals(key))) unit.topics.push(key)
  }

  /** Takes exactly this key from a service that runs. Rejects with ENOENT if it has no such key, EFSM. */
  async deleteTopic(id: string, key: ActionKey): Promise<void> {
    const unit = this.#running(id)
    await this.#commander.ask(id, 'remove_topic', this.#answerMs, { topic: fieldsOf(key) })
    const index = unit.topics.findIndex((one) => one.equals(key))
    if (index >= 0) unit.topics.splice(index, 1)
  }

  /** A flow may still come, with other files. */
  #warn(): void {
    const known = this.#bus.flows()
    for (const { config } of this.#units.values()) {
      const unknown = config.flows.filter((flow) => !known.includes(flow))
      for (const flow of unknown)
        this.#bus.report(`service ${config.id} wants the ends of ${flow}: there is no such flow`)
    }
  }

  async #healthOf(unit: ServiceUnit): Promise<ServiceHealth> {
    const { run, config } = unit
    const { id } = config
    if (!unit.isUp) return unresponsive(id)
    const answer = this.#commander.ask(id, 'get_health', this.#answerMs)
    const health = healthFrom(id, await answer.catch(() => undefined))
    unit.answered(run, health.status !== 'UNRESPONSIVE')
    return health
  }

  #running(id: string): ServiceUnit {
    const unit = this.#unit(id)
    if (unit.isUp) return unit
    throw new ZmqError('EFSM', `Service ${id} is ${unit.status.status}: start it first`)
  }

  #unit(id: string): ServiceUnit {
    const unit = this.#units.get(id)
    if (unit) return unit
    const known = this.ids.length > 0 ? `there are ${this.ids.join(', ')}` : 'there are none'
    throw new ZmqError('ENOENT', `No service '${id}': ${known}`)
  }

  #assertOpen(): void {
    if (this.#isOpen) return
    throw new ZmqError('EFSM', 'The ZManager does not run: its services start when it does')
  }
}

// The Integration Manager: the one publisher. PULL in, PUB out; results, events and control messages
// pass through it unchanged.
//
//   workers, Subject, services --PUSH--> PULL [ forward ] PUB --topic--> everyone

import type { Message } from '../core/message.ts'
import { Publisher } from '../patterns/pub.ts'
import { Pull } from '../patterns/pull.ts'
import type { Component, State } from './component.ts'
import type { ZManagerConfig } from './config.ts'
import { WORKER_PROPERTY } from './worker.ts'

export interface IntegrationManagerHooks {
  /** Called with every message before it is published; false holds it back. */
  passing(message: Message): boolean
  /** All that was sent over a worker's connection has passed. */
  left(worker: string): void
}

/** How long `stop` waits for subscribers that do not read, ms. */
const LAST_WORDS_MS = 2000

export class IntegrationManager implements Component {
  state: State = 'new'
  readonly #config: ZManagerConfig
  readonly #hooks: IntegrationManagerHooks
  readonly #pull: Pull
  readonly #pub: Publisher
  readonly #heard = new Set<string>()
  #loop: Promise<void> = Promise.resolve()

  constructor(config: ZManagerConfig, hooks: IntegrationManagerHooks) {
    this.#config = config
    this.#hooks = hooks
    this.#pull = new Pull({ receiveHighWaterMark: config.integrationManagerPullRcvhwm })
    const sendHighWaterMark = config.integrationManagerPubSndhwm
    this.#pub = new Publisher({ sendHighWaterMark, linger: LAST_WORDS_MS })
  }

  /** The endpoints as really bound. */
  get pullAddress(): string {
    return this.#pull.lastEndpoint ?? this.#config.integrationManagerPullAddress
  }

  get pubAddress(): string {
    return this.#pub.lastEndpoint ?? this.#config.integrationManagerPubAddress
  }

  async start(): Promise<void> {
    this.#pull.events.on('attach', ({ peer }) => {
      const worker = peer.properties.get(WORKER_PROPERTY)
      if (worker !== undefined) this.#heard.add(worker)
    })
    this.#pull.events.on('detach', ({ peer }) => {
      const worker = peer?.properties.get(WORKER_PROPERTY)
      if (worker !== undefined) setImmediate(() => this.#left(worker))
    })
    await this.#pull.bind(this.#config.integrationManagerPullAddress)
    await this.#pub.bind(this.#config.integrationManagerPubAddress)
    this.state = 'running'
    this.#loop = this.#forward()
  }

  /** Publishes a message of this process. */
  async publish(message: Message): Promise<void> {
    await this.#pub.send(message)
  }

  /** Whether something of a worker may still be on its way through here. */
  hears(worker: string): boolean {
    return this.#heard.has(worker)
  }

  async drain(): Promise<void> {
    this.state = 'draining'
    await this.stop()
  }

  async stop(): Promise<void> {
    this.state = 'stopped'
    void this.#pull.close()
    await this.#loop
    await this.#pub.close()
  }

  /** Called a turn after its last message was taken: by then that has passed. */
  #left(worker: string): void {
    this.#heard.delete(worker)
    this.#hooks.left(worker)
  }

  async #forward(): Promise<void> {
    for await (const message of this.#pull) {
      if (this.#hooks.passing(message)) await this.#pub.send(message)
    }
  }
}

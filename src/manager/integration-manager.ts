// The Integration Manager: the one publisher. PULL in, PUB out; results, events and control messages
// pass through it unchanged.
//
//   workers, Subject, services --PUSH--> PULL [ forward ] PUB --topic--> everyone

import { type Message, textFrame } from '../core/message.ts'
import { Publisher } from '../patterns/pub.ts'
import { Pull } from '../patterns/pull.ts'
import { bindKey } from './bind.ts'
import type { Component, State } from './component.ts'
import type { ZManagerConfig } from './config.ts'
import { Retained } from './retained.ts'
import { innerLimit } from './size-limit.ts'
import { KEEPALIVE } from './worker/remote-words.ts'
import { WORKER_PROPERTY } from './worker/worker.ts'

export interface IntegrationManagerHooks {
  /** Called with every message before it is published; false holds it back. */
  passing(message: Message): boolean
  /** All that was sent over a worker's connection has passed. */
  left(worker: string): void
}

/** Marks are messages of one frame, which no message of a flow is: they tell subscribers where they are. */
const MARK = 'probe~'
const MARK_BYTES = textFrame(MARK)

/** The last thing that is published. */
export const CLOSING: string = `${MARK}closing~`

export function isMark(message: Message): boolean {
  const [frame] = message
  return message.length === 1 && MARK_BYTES.every((byte, at) => frame?.[at] === byte)
}

const REPLAY_BYTES = 64 * 1024 * 1024

/** How long `stop` waits for subscribers that do not read, ms. */
const LAST_WORDS_MS = 2000

export class IntegrationManager implements Component {
  state: State = 'new'
  /** What is kept for subscribers that come late; undefined: nothing. */
  readonly retained: Retained | undefined
  readonly #config: ZManagerConfig
  readonly #hooks: IntegrationManagerHooks
  readonly #pull: Pull
  readonly #pub: Publisher
  readonly #heard = new Set<string>()
  #loop: Promise<void> = Promise.resolve()

  constructor(config: ZManagerConfig, hooks: IntegrationManagerHooks) {
    this.#config = config
    this.#hooks = hooks
    const { replayWindow: count = 0, replayWindowBytes: bytes = REPLAY_BYTES } = config
    this.retained = count > 0 ? new Retained({ count, bytes }) : undefined
    const receiveHighWaterMark = config.integrationManagerPullRcvhwm
    this.#pull = new Pull({ ...KEEPALIVE, receiveHighWaterMark })
    const sendHighWaterMark = config.integrationManagerPubSndhwm
    this.#pull.maxMessageSize = innerLimit(config.maxMessageSize)
    this.#pub = new Publisher({ sendHighWaterMark, linger: LAST_WORDS_MS })
  }

  /** The endpoints as really bound. */
  get pullAddress(): string {
    return this.#pull.lastEndpoint ?? this.#config.integrationManagerPullAddress
  }

  get pubAddress(): string {
    return this.#pub.lastEndpoint ?? this.#config.integrationManagerPubAddress
  }

  /** Copies of published messages for which a subscriber had no room. */
  get unheard(): number {
    return this.#pub.statistics().dropped.hwm ?? 0
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
    const { integrationManagerPullAddress: pull, integrationManagerPubAddress: pub } = this.#config
    await bindKey(this.#pull, pull, 'integration_manager_pull_address')
    await bindKey(this.#pub, pub, 'integration_manager_pub_address')
    this.state = 'running'
    this.#loop = this.#forward()
  }

  /** Publishes a message of this process. */
  async publish(message: Message): Promise<void> {
    this.retained?.keep(message)
    await this.#pub.send(message)
  }

  /** Publishes, under a topic that begins with `markTopic`, how far what is kept goes at this moment. */
  async mark(name: string): Promise<void> {
    const position = this.retained?.position ?? 0
    await this.#pub.send([textFrame(this.markTopic(name) + position)])
  }

  markTopic(name: string): string {
    return `${MARK}${name}~`
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
    const closed = this.#pull.close()
    await this.#loop
    if (!this.#pub.closed) await this.#pub.send([textFrame(CLOSING)])
    await Promise.all([closed, this.#pub.close()])
  }

  /** Called a turn after its last message was taken: by then that has passed. */
  #left(worker: string): void {
    this.#heard.delete(worker)
    this.#hooks.left(worker)
  }

  async #forward(): Promise<void> {
    for await (const message of this.#pull) {
      if (!this.#hooks.passing(message)) continue
      this.retained?.keep(message)
      await this.#pub.send(message)
    }
  }
}

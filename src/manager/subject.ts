// The Subject, or ventilator: takes messages in, one after the other, and sends those that are for
// workers. It does no work and holds no policy: what becomes of a message is the dispatcher's choice.
//
//   producers --PUSH--> PULL [ accept, keep, take ] ROUTER --by routing id--> workers

import type { Message } from '../core/message.ts'
import { Pull } from '../patterns/pull.ts'
import { Router } from '../patterns/router.ts'
import type { Envelope } from '../topic/envelope.ts'
import type { Component, State } from './component.ts'
import type { ZManagerConfig } from './config.ts'
import type { Dispatcher } from './dispatcher.ts'
import { type DurableStore, NotKeptError } from './journal/durable-store.ts'
import { openSent, stepError } from './messages.ts'
import type { Program } from './program/program.ts'
import { outerLimit } from './size-limit.ts'
import { FLOWS_PROPERTY, KEEPALIVE } from './worker/remote-words.ts'
import { WORKER_PROPERTY } from './worker/worker.ts'

export class Subject implements Component {
  state: State = 'new'
  readonly #config: ZManagerConfig
  readonly #program: Program
  readonly #dispatcher: Dispatcher
  readonly #store: DurableStore | undefined
  readonly #pull = new Pull()
  /** No limits: the dispatcher knows how much a worker may have. What comes in hardly matters. */
  readonly #workers = new Router({
    ...KEEPALIVE,
    linger: 0,
    mandatory: true,
    sendHighWaterMark: 0,
    receiveHighWaterMark: 1,
  })
  #loop: Promise<unknown> = Promise.resolve()

  constructor(
    config: ZManagerConfig,
    program: Program,
    dispatcher: Dispatcher,
    store?: DurableStore,
  ) {
    this.#config = config
    this.#pull.maxMessageSize = this.#workers.maxMessageSize = outerLimit(config.maxMessageSize)
    this.#program = program
    this.#dispatcher = dispatcher
    this.#store = store
  }

  get pullAddress(): string {
    return this.#pull.lastEndpoint ?? this.#config.subjectPullAddress
  }

  get pushAddress(): string {
    return this.#workers.lastEndpoint ?? this.#config.subjectPushAddress
  }

  async start(): Promise<void> {
    this.#listen()
    await this.#workers.bind(this.#config.subjectPushAddress)
    for await (const kept of this.#store?.recovered(this.#program.flows) ?? [])
      if (this.#dispatcher.accepted(kept)) void this.#take(kept) // nobody makes room yet
    await this.#pull.bind(this.#config.subjectPullAddress)
    this.state = 'running'
    this.#loop = Promise.all([this.#run(), this.#hear()])
  }

  /** Gives a message to the worker of this routing id; false if there is none. */
  send(worker: string, message: Message): boolean {
    try {
      return this.#workers.trySend([worker, ...message])
    } catch {
      return false
    }
  }

  async drain(): Promise<void> {
    this.state = 'draining'
    await this.stop()
  }

  async stop(): Promise<void> {
    this.state = 'stopped'
    void this.#pull.close()
    void this.#workers.close()
    await this.#loop
  }

  async #run(): Promise<void> {
    for await (const message of this.#pull) {
      const received = this.#open(message)
      if (!received) continue
      if (received.header.token !== undefined) {
        this.#dispatcher.answered(received)
        continue
      }
      if (!this.#dispatcher.accepted(received)) continue
      if (!this.#store) await this.#take(received)
      else await this.#store.keep(received, message, (kept) => this.#take(received, kept))
    }
    await this.#store?.settled()
  }

  /** Never rejects: one message must not end the loop. */
  async #take(received: Envelope, kept?: Promise<void>): Promise<void> {
    try {
      if (kept) await kept
    } catch (error) {
      const mayHelp = error instanceof NotKeptError // to send it again
      this.#dispatcher.failed(received, stepError(error, received.header.key, 'EIO', mayHelp))
      return
    }
    await this.#dispatcher.take(received)
  }

  #open(message: Message): Envelope | undefined {
    try {
      return openSent(message, this.#program.flows)
    } catch (error) {
      this.#dispatcher.malformed(error)
      return undefined
    }
  }

  #listen(): void {
    this.#pull.events.on('disconnect', ({ error }) => {
      if (error?.code === 'ERR_ZMTP_MESSAGE_TOO_LARGE') this.#dispatcher.malformed(error)
    })
    this.#workers.events.on('attach', ({ peer }) => {
      const worker = peer.properties.get(WORKER_PROPERTY)
      const flows = peer.properties.get(FLOWS_PROPERTY)
      if (worker !== undefined) this.#dispatcher.attached(worker, flows)
    })
    this.#workers.events.on('detach', ({ peer }) => {
      const worker = peer?.properties.get(WORKER_PROPERTY)
      if (worker !== undefined) this.#dispatcher.detached(worker)
    })
  }

  /** Workers on other machines say here that they want to leave; whatever comes is read, so that their end is heard. */
  async #hear(): Promise<void> {
    for await (const [worker] of this.#workers) this.#dispatcher.wantsToLeave(`${worker}`)
  }
}

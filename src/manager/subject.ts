// The Subject, or ventilator: takes messages in and has each given to a worker, or, where a flow says
// so, to subscribers. It does no work and holds no policy: which worker is the supervisor's choice.
//
//   producers --PUSH--> PULL [ decide ] ROUTER --by routing id--> workers
//                                       PUSH --> Integration Manager

import type { Message } from '../core/message.ts'
import { Pull } from '../patterns/pull.ts'
import { Push } from '../patterns/push.ts'
import { Router } from '../patterns/router.ts'
import type { Envelope } from '../topic/envelope.ts'
import type { Component, State } from './component.ts'
import type { ZManagerConfig } from './config.ts'
import type { Dispatcher } from './dispatcher.ts'
import { type DurableStore, NotKeptError } from './durable-store.ts'
import { atStep, doneEnvelope, failedEnvelope, openSent, stepError } from './messages.ts'
import { nextStep, type Program } from './program.ts'
import { WORKER_PROPERTY } from './worker.ts'

export class Subject implements Component {
  state: State = 'new'
  readonly #config: ZManagerConfig
  readonly #program: Program
  readonly #dispatcher: Dispatcher
  readonly #integrationManager: string
  readonly #store: DurableStore | undefined
  readonly #pull = new Pull()
  /** No limits: the dispatcher knows how much a worker may have. What comes in is of no interest. */
  readonly #workers = new Router({
    linger: 0,
    mandatory: true,
    sendHighWaterMark: 0,
    receiveHighWaterMark: 1,
  })
  readonly #results = new Push()
  #loop: Promise<unknown> = Promise.resolve()

  /** `integrationManager` is the endpoint of its PULL socket. */
  constructor(
    config: ZManagerConfig,
    program: Program,
    dispatcher: Dispatcher,
    integrationManager: string,
    store?: DurableStore,
  ) {
    this.#config = config
    this.#program = program
    this.#dispatcher = dispatcher
    this.#integrationManager = integrationManager
    this.#store = store
  }

  get pullAddress(): string {
    return this.#pull.lastEndpoint ?? this.#config.subjectPullAddress
  }

  get pushAddress(): string {
    return this.#workers.lastEndpoint ?? this.#config.subjectPushAddress
  }

  async start(): Promise<void> {
    this.#results.connect(this.#integrationManager)
    this.#listen()
    await this.#workers.bind(this.#config.subjectPushAddress)
    for await (const kept of this.#store?.recovered(this.#program.flows) ?? [])
      if (this.#dispatcher.accepted(kept)) void this.#take(kept) // nobody makes room yet
    await this.#pull.bind(this.#config.subjectPullAddress)
    this.state = 'running'
    this.#loop = Promise.all([this.#run(), this.#ignore()])
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
    await this.#results.close()
  }

  async #run(): Promise<void> {
    for await (const message of this.#pull) {
      const received = this.#open(message)
      if (!received || !this.#dispatcher.accepted(received)) continue
      if (!this.#store) await this.#take(received)
      else await this.#store.keep(received, message, (kept) => this.#take(received, kept))
    }
    await this.#store?.settled()
  }

  /** Never rejects: one message must not end the loop. */
  async #take(received: Envelope, kept?: Promise<void>): Promise<void> {
    try {
      if (kept) await kept
      await this.#route(received)
    } catch (error) {
      await this.#failed(received, error)
    }
  }

  async #failed(received: Envelope, reason: unknown): Promise<void> {
    const mayHelp = reason instanceof NotKeptError // to send it again
    const error = stepError(reason, received.header.key, 'EIO', mayHelp)
    const told = this.#results.send(failedEnvelope(received, error))
    await told.catch(() => this.#dispatcher.unsaid(received, error))
  }

  #open(message: Message): Envelope | undefined {
    try {
      return openSent(message, this.#program.flows)
    } catch (error) {
      this.#dispatcher.malformed(error)
      return undefined
    }
  }

  async #route(received: Envelope): Promise<void> {
    const decision = nextStep(this.#program, received.header)
    const { header, body } = received
    if (decision.do === 'run') return this.#dispatcher.give(received, decision)
    const position = decision.do === 'publish' ? decision.position : undefined
    await this.#results.send(
      doneEnvelope(decision.key, atStep(header, decision.key, position), body),
    )
  }

  #listen(): void {
    this.#workers.events.on('attach', ({ peer }) => {
      const worker = peer.properties.get(WORKER_PROPERTY)
      if (worker !== undefined) this.#dispatcher.attached(worker)
    })
    this.#workers.events.on('detach', ({ peer }) => {
      const worker = peer?.properties.get(WORKER_PROPERTY)
      if (worker !== undefined) this.#dispatcher.detached(worker)
    })
  }

  /** What workers send is read, so that their end is heard. */
  async #ignore(): Promise<void> {
    for await (const _ of this.#workers);
  }
}

// The Subject, or ventilator: takes messages in and has each given to a worker, or, where a flow says
// so, to subscribers. It does no work and holds no policy: which worker is the supervisor's choice.
//
//   producers --PUSH--> PULL [ decide ] ROUTER --by routing id--> workers
//                                       PUSH --> Integration Manager

import type { Message } from '../core/message.ts'
import type { Decision } from '../flow/flow-engine.ts'
import { Pull } from '../patterns/pull.ts'
import { Push } from '../patterns/push.ts'
import { Router } from '../patterns/router.ts'
import { decodeEnvelope, type Envelope, type StepError } from '../topic/envelope.ts'
import type { Component, State } from './component.ts'
import type { ZManagerConfig } from './config.ts'
import { atStep, doneEnvelope, failedEnvelope, stepError, withoutEnd } from './messages.ts'
import { nextStep, type Program } from './program.ts'
import { WORKER_PROPERTY } from './worker.ts'

/** Who owns the messages and knows the workers. */
export interface Dispatcher {
  /** A message came in. False: it is here already. */
  accepted(envelope: Envelope): boolean
  /**
   * Takes a message that a worker is to run. Resolves when it may be given the next one. Throws
   * ENOWORKERS when there will be no worker, ESTOPPED when the workers are told to finish.
   */
  give(envelope: Envelope, decision: Exclude<Decision, { do: 'end' }>): Promise<void>
  /** Whoever says to be this worker is connected; a connection of his is gone. */
  attached(worker: string): void
  detached(worker: string): void
  /** A message came in that is no envelope. */
  malformed(error: unknown): void
  /** A message failed, and that could not be sent to anyone. */
  unsaid(envelope: Envelope, error: StepError): void
}

export class Subject implements Component {
  state: State = 'new'
  readonly #config: ZManagerConfig
  readonly #program: Program
  readonly #dispatcher: Dispatcher
  readonly #integrationManager: string
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
  ) {
    this.#config = config
    this.#program = program
    this.#dispatcher = dispatcher
    this.#integrationManager = integrationManager
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
      await this.#route(received).catch((error) => this.#failed(received, error))
    }
  }

  /** Never rejects: one message must not end the loop. */
  async #failed(received: Envelope, reason: unknown): Promise<void> {
    const error = stepError(reason, received.header.key, 'EIO')
    const told = this.#results.send(failedEnvelope(received, error))
    await told.catch(() => this.#dispatcher.unsaid(received, error))
  }

  #open(message: Message): Envelope | undefined {
    try {
      return withoutEnd(decodeEnvelope(message))
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

// The Subject, or ventilator: takes messages in and gives each to the next worker, or, where a flow
// says so, to subscribers. It chooses; it does no work and holds no policy.
//
//   producers --PUSH--> PULL [ decide ] PUSH --round robin--> workers
//                                       PUSH --> Integration Manager

import { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import type { Decision } from '../flow/flow-engine.ts'
import { Pull } from '../patterns/pull.ts'
import { Push } from '../patterns/push.ts'
import { decodeEnvelope, type Envelope, type StepError } from '../topic/envelope.ts'
import type { Component, State } from './component.ts'
import type { ZManagerConfig } from './config.ts'
import {
  atStep,
  doneEnvelope,
  envelope,
  failedEnvelope,
  stepError,
  withoutEnd,
} from './messages.ts'
import { nextStep, type Program } from './program.ts'
import { WORKER_PROPERTY } from './worker.ts'

/** Who owns the messages: the Subject asks before and tells after each dispatch. */
export interface Dispatcher {
  /** A message came in. False: it is here already. */
  accepted(envelope: Envelope): boolean
  /** Resolves when one more message may go to the workers. Rejects if that will never be. Asked one at a time. */
  room(): Promise<void>
  /** Aborted when there will be no workers any more. */
  readonly abandoned: AbortSignal
  /** The message was given to a worker. */
  leased(envelope: Envelope, worker: string): void
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
  readonly #workers: Push
  readonly #results = new Push()
  #loop: Promise<void> = Promise.resolve()

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
    this.#workers = new Push({ linger: 0 })
  }

  get pullAddress(): string {
    return this.#pull.lastEndpoint ?? this.#config.subjectPullAddress
  }

  get pushAddress(): string {
    return this.#workers.lastEndpoint ?? this.#config.subjectPushAddress
  }

  async start(): Promise<void> {
    this.#results.connect(this.#integrationManager)
    await this.#workers.bind(this.#config.subjectPushAddress)
    await this.#pull.bind(this.#config.subjectPullAddress)
    this.state = 'running'
    this.#loop = this.#run()
  }

  /** Ends a message as failed. */
  async fail(failed: Envelope, error: StepError, worker?: string): Promise<void> {
    await this.#results.send(failedEnvelope(failed, error, worker))
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
    await this.fail(received, error).catch(() => this.#dispatcher.unsaid(received, error))
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
    if (decision.do === 'run') return this.#give(received, decision)
    const position = decision.do === 'publish' ? decision.position : undefined
    await this.#results.send(
      doneEnvelope(decision.key, atStep(header, decision.key, position), body),
    )
  }

  async #give(
    received: Envelope,
    { key, position }: Exclude<Decision, { do: 'end' }>,
  ): Promise<void> {
    await this.#dispatcher.room()
    const message = envelope(key, atStep(received.header, key, position), received.body)
    await this.#writable()
    while (!this.#workers.trySend(message)) await this.#writable()
    const worker = this.#workers.lastPeer?.properties.get(WORKER_PROPERTY) // in the same turn: who has it
    if (worker === undefined)
      throw new ZmqError(
        'EWORKERLOST',
        `Who took ${key} is no worker: its ${WORKER_PROPERTY} is missing`,
      )
    this.#dispatcher.leased(received, worker)
  }

  async #writable(): Promise<void> {
    const { abandoned } = this.#dispatcher
    abandoned.throwIfAborted()
    while (!this.#workers.writable) await this.#workers.changed({ signal: abandoned })
  }
}

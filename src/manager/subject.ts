// The Subject, or ventilator: takes messages in, one after the other, and sends those that are for
// workers. It does no work and holds no policy: what becomes of a message is the dispatcher's choice.
//
//   producers --PUSH--> PULL [ accept, keep, take ] ROUTER --by routing id--> workers

import type { Message } from '../core/message.ts'
import { Pull } from '../patterns/pull.ts'
import type { Envelope } from '../topic/envelope.ts'
import { bindKey } from './bind.ts'
import type { Component, State } from './component.ts'
import type { ZManagerConfig } from './config.ts'
import type { Dispatcher } from './dispatcher.ts'
import { Early } from './early.ts'
import { type DurableStore, NotKeptError } from './journal/durable-store.ts'
import { openSent, stepError } from './messages.ts'
import type { Program } from './program/program.ts'
import { outerLimit } from './size-limit.ts'
import { WorkerRouter } from './worker/worker-router.ts'

export class Subject implements Component {
  state: State = 'new'
  readonly #config: ZManagerConfig
  readonly #program: Program
  readonly #dispatcher: Dispatcher
  readonly #store: DurableStore | undefined
  readonly #pull = new Pull()
  readonly #workers: WorkerRouter
  readonly #early = new Early()
  #loop: Promise<void> = Promise.resolve()

  constructor(
    config: ZManagerConfig,
    program: Program,
    dispatcher: Dispatcher,
    store?: DurableStore,
  ) {
    this.#config = config
    this.#pull.maxMessageSize = outerLimit(config.maxMessageSize)
    this.#pull.events.on('disconnect', ({ error }) => {
      if (error?.code === 'ERR_ZMTP_MESSAGE_TOO_LARGE') dispatcher.malformed(error)
    })
    this.#workers = new WorkerRouter(dispatcher, this.#pull.maxMessageSize)
    this.#program = program
    this.#dispatcher = dispatcher
    this.#store = store
  }

  get pullAddress(): string {
    return this.#pull.lastEndpoint ?? this.#config.subjectPullAddress
  }

  get pushAddress(): string {
    return this.#workers.address ?? this.#config.subjectPushAddress
  }

  async start(): Promise<void> {
    await this.#workers.bind(this.#config.subjectPushAddress)
    for await (const kept of this.#store?.recovered(this.#program.flows) ?? [])
      if (this.#dispatcher.accepted(kept)) void this.#again(kept) // nobody makes room yet
    await bindKey(this.#pull, this.#config.subjectPullAddress, 'subject_pull_address')
    this.state = 'running'
    this.#loop = this.#run()
  }

  /**
   * Takes on what the journal had, and then what came. To be called when those are there who get what
   * comes of it; answers are taken before.
   */
  serve(): void {
    this.#early.end()
  }

  /** Gives a message to the worker of this routing id; false if there is none. */
  send(worker: string, message: Message): boolean {
    return this.#workers.send(worker, message)
  }

  async drain(): Promise<void> {
    this.state = 'draining'
    await this.stop()
  }

  async stop(): Promise<void> {
    this.state = 'stopped'
    this.serve()
    await Promise.all([this.#pull.close(), this.#workers.close(), this.#loop])
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
      const taken = this.#store
        ? this.#store.keep(received, message, (kept) => this.#take(received, kept))
        : this.#take(received)
      if (!this.#early.isOver) this.#early.arrived(received)
      if (this.#early.isOver) await taken
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
    if (!this.#early.isOver) await this.#early.over
    if (kept && this.state === 'stopped') return // the journal keeps it
    await this.#dispatcher.take(received)
  }

  /** What the journal had. Never rejects. What waits for an answer does so at once: none comes too early. */
  async #again(received: Envelope): Promise<void> {
    if (received.header.token === undefined) await this.#early.over
    const turn = this.#store?.turnOf(received)
    if (turn) await turn
    if (this.state !== 'stopped') await this.#dispatcher.take(received) // else the journal keeps it
  }

  #open(message: Message): Envelope | undefined {
    try {
      return openSent(message, this.#program.flows)
    } catch (error) {
      this.#dispatcher.malformed(error)
      return undefined
    }
  }
}

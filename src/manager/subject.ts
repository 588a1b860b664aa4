// The Subject, or ventilator: takes messages in, one after the other, and sends those that are for
// workers. It does no work and holds no policy: what becomes of a message is the dispatcher's choice.
//
//   producers --PUSH--> PULL [ accept, keep, take ] ROUTER --by routing id--> workers

import type { Message } from '../core/message.ts'
import { Pull } from '../patterns/pull.ts'
import { Router } from '../patterns/router.ts'
import type { Envelope } from '../topic/envelope.ts'
import { bindKey } from './bind.ts'
import type { Component, State } from './component.ts'
import type { ZManagerConfig } from './config.ts'
import type { Dispatcher } from './dispatcher.ts'
import { type DurableStore, NotKeptError } from './journal/durable-store.ts'
import { openSent, stepError } from './messages.ts'
import type { Program } from './program/program.ts'
import { outerLimit } from './size-limit.ts'
import { FLOWS_PROPERTY, KEEPALIVE } from './worker/remote-words.ts'
import { WORKER_PROPERTY } from './worker/worker.ts'

/** What is taken in before `serve` is called, bytes; and what a message takes beside its body. */
const MOST_EARLY = 64 * 1024 * 1024
const ENVELOPE_BYTES = 1024

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
  #early = 0 // bytes of messages that came before `serve`
  #isServing = false
  #serve!: () => void
  readonly #serving = new Promise<void>((resolve) => {
    this.#serve = resolve
  })

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
    await bindKey(this.#workers, this.#config.subjectPushAddress, 'subject_push_address')
    for await (const kept of this.#store?.recovered(this.#program.flows) ?? [])
      if (this.#dispatcher.accepted(kept)) void this.#again(kept) // nobody makes room yet
    await bindKey(this.#pull, this.#config.subjectPullAddress, 'subject_pull_address')
    this.state = 'running'
    this.#loop = Promise.all([this.#run(), this.#hear()])
  }

  /**
   * Takes on what the journal had, and then what came. To be called when those are there who get what
   * comes of it; answers are taken before.
   */
  serve(): void {
    this.#serve()
    void this.#serving.then(() => {
      this.#isServing = true // those who wait for it go first
    })
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
    this.serve()
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
      const taken = this.#store
        ? this.#store.keep(received, message, (kept) => this.#take(received, kept))
        : this.#take(received)
      if (!this.#isServing) this.#isEarly(received)
      if (this.#isServing) await taken
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
    if (!this.#isServing) await this.#serving
    if (kept && this.state === 'stopped') return // the journal keeps it
    await this.#dispatcher.take(received)
  }

  /** What the journal had. Never rejects. What waits for an answer does so at once: none comes too early. */
  async #again(received: Envelope): Promise<void> {
    if (received.header.token === undefined) await this.#serving
    const turn = this.#store?.turnOf(received)
    if (turn) await turn
    if (this.state !== 'stopped') await this.#dispatcher.take(received) // else the journal keeps it
  }

  /** A service that asks as it starts serves no sooner than it is answered; nor is memory without end. */
  #isEarly({ header, body }: Envelope): void {
    this.#early += body.byteLength + ENVELOPE_BYTES
    if (header.replyTo !== undefined || this.#early >= MOST_EARLY) this.serve()
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

// The Subject's ROUTER, to which all workers are connected: each gets what is for it, by its routing id.
// Who came, went, or wants to leave is told to the dispatcher.

import type { Message } from '../../core/message.ts'
import { Router } from '../../patterns/router.ts'
import { bindKey } from '../bind.ts'
import type { Dispatcher } from '../dispatcher.ts'
import { FLOWS_PROPERTY, KEEPALIVE } from './remote-words.ts'
import { WORKER_PROPERTY } from './worker.ts'

export class WorkerRouter {
  readonly #dispatcher: Dispatcher
  /** No limits: the dispatcher knows how much a worker may have. What comes in hardly matters. */
  readonly #socket = new Router({
    ...KEEPALIVE,
    linger: 0,
    mandatory: true,
    sendHighWaterMark: 0,
    receiveHighWaterMark: 1,
  })
  #hearing: Promise<void> = Promise.resolve()

  constructor(dispatcher: Dispatcher, maxMessageSize: number) {
    this.#dispatcher = dispatcher
    this.#socket.maxMessageSize = maxMessageSize
    this.#socket.events.on('attach', ({ peer }) => {
      const worker = peer.properties.get(WORKER_PROPERTY)
      const flows = peer.properties.get(FLOWS_PROPERTY)
      if (worker !== undefined) dispatcher.attached(worker, flows)
    })
    this.#socket.events.on('detach', ({ peer }) => {
      const worker = peer?.properties.get(WORKER_PROPERTY)
      if (worker !== undefined) dispatcher.detached(worker)
    })
  }

  /** Null while it is not bound. */
  get address(): string | null {
    return this.#socket.lastEndpoint
  }

  /** Rejects with the reason why it cannot. */
  async bind(address: string): Promise<void> {
    await bindKey(this.#socket, address, 'subject_push_address')
    this.#hearing = this.#hear()
  }

  /** Gives a message to the worker of this routing id; false if there is none. */
  send(worker: string, message: Message): boolean {
    try {
      return this.#socket.trySend([worker, ...message])
    } catch {
      return false
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#socket.close(), this.#hearing])
  }

  /** Workers on other machines say here that they want to leave; whatever comes is read, so that their end is heard. */
  async #hear(): Promise<void> {
    for await (const [worker] of this.#socket) this.#dispatcher.wantsToLeave(`${worker}`)
  }
}

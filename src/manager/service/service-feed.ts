// A subscriber that knows when its subscriptions are in force: it also asks for a topic of its own, sends
// itself a message by way of the Integration Manager, and waits until that comes.

import { randomUUID } from 'node:crypto'
import { ZmqError } from '../../core/errors.ts'
import type { Message } from '../../core/message.ts'
import { Subscriber } from '../../patterns/sub.ts'
import { ActionKey } from '../../topic/action-key.ts'
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../topic/envelope.ts'
import { bodyOf, FORMAT } from '../codecs.ts'
import { newHeader } from '../messages.ts'

/** When a new subscription is tried to be reached again: after so long, then twice that, and so on. */
const FIRST_PROBE_MS = 5
const LONGEST_PROBE_MS = 500

/** Undefined for what is no envelope, such as the marks of other subscribers. */
function opened(message: Message): Envelope | undefined {
  try {
    return decodeEnvelope(message)
  } catch {
    return undefined
  }
}

export interface FeedHooks {
  /** Sends a message to the Integration Manager. */
  send(message: Message): Promise<void>
  received(message: Envelope): void
}

export class Feed {
  readonly #hooks: FeedHooks
  readonly #socket = new Subscriber({ receiveHighWaterMark: 0 })
  readonly #proofs = new Map<string, { resolve(): void; reject(reason: Error): void }>()
  #closed: ZmqError | undefined

  /** `endpoint`: that of the Integration Manager's PUB socket. */
  constructor(endpoint: string, hooks: FeedHooks) {
    this.#hooks = hooks
    this.#socket.connect(endpoint)
    void this.#run()
  }

  /** Resolves when nothing under these topics is missed any more. Rejects with EBADF when closed. */
  async add(...topics: string[]): Promise<void> {
    if (topics.length > 0) this.#socket.subscribe(...topics)
    await this.#prove()
  }

  /** Takes one `add` of a topic back. */
  remove(topic: string): void {
    this.#socket.unsubscribe(topic)
  }

  async close(): Promise<void> {
    this.#closed = new ZmqError('EBADF', 'The service stops: it subscribes to nothing more')
    for (const { reject } of this.#proofs.values()) reject(this.#closed)
    await this.#socket.close()
  }

  async #prove(): Promise<void> {
    if (this.#closed) throw this.#closed
    const topic = `probe~${randomUUID()}~` // of no key: nobody else gets it, nor is it kept
    const header = newHeader(randomUUID(), '', '', ActionKey.of({ action: 'probe' }))
    const probe = encodeEnvelope(topic, header, bodyOf(FORMAT, {}))
    let again: NodeJS.Timeout | undefined
    const send = (thenMs: number): void => {
      this.#hooks.send(probe).catch(() => {}) // closed: `close` tells
      again = setTimeout(() => send(Math.min(2 * thenMs, LONGEST_PROBE_MS)), thenMs)
    }
    this.#socket.subscribe(topic)
    send(FIRST_PROBE_MS)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#proofs.set(topic, { resolve, reject })
      })
      this.#socket.unsubscribe(topic)
    } finally {
      this.#proofs.delete(topic)
      clearTimeout(again)
    }
  }

  async #run(): Promise<void> {
    for await (const message of this.#socket) {
      const received = opened(message)
      if (!received) continue
      const proven = this.#proofs.get(received.topic)
      if (proven) proven.resolve()
      else if (!received.topic.startsWith('probe~')) this.#hooks.received(received)
    }
  }
}

// A subscription: what is published under the keys that a pattern asks for, taken apart. Joining is
// exact: the publisher says under a topic of the subscription's own up to where it had published, what
// was kept up to there comes from its window, and everything after comes live.

import { randomUUID } from 'node:crypto'
import { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import type { WaitOptions } from '../core/waiters.ts'
import { Subscriber } from '../patterns/sub.ts'
import type { ActionKey } from '../topic/action-key.ts'
import { decodeEnvelope, type Envelope, type Header } from '../topic/envelope.ts'
import { prefixOf, topicKey } from '../topic/topic.ts'
import { valuesOf } from './codecs.ts'
import { CLOSING, type IntegrationManager, isMark } from './integration-manager.ts'
import { patternOf } from './pattern.ts'
import type { Recall } from './retained.ts'
import type { Values } from './worker/handlers.ts'

/** One published message. */
export interface FlowEvent {
  /** What it was published under, its flow included. */
  readonly key: ActionKey
  /** Of a message that failed because they cannot be read: none. */
  readonly values: Values
  readonly header: Header
  readonly topic: string
  /** Its frames as received: other subscribers may have the same ones, so do not write into them. */
  readonly message: Message
}

export interface SubscribeOptions {
  /** Ends the subscription: what waits, and what is asked later, rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** First the newest kept message of each matching topic. Needs `replay_window`. Default: false. */
  readonly last?: boolean
  /** First the last so many matching messages that are kept, from 1 up. Needs `replay_window`. Default: none. */
  readonly replay?: number
}

/** How often a new subscriber is tried to be reached. */
const PROBE_MS = 2

const decoder = new TextDecoder()

export class Subscription implements AsyncIterable<FlowEvent>, AsyncDisposable {
  readonly #publisher: IntegrationManager
  readonly #pattern: ActionKey
  readonly #options: SubscribeOptions
  readonly #socket = new Subscriber({ receiveHighWaterMark: 0 })
  readonly #over = new AbortController()
  readonly #joined: Promise<void>
  readonly #abort = (): void => void this.#end(this.#options.signal?.reason)
  #isJoined = false
  #kept: FlowEvent[] = [] // the newest first
  #malformed = 0

  /** Throws EINVAL for a pattern or options that make no sense, or that need a window where none is kept. */
  constructor(
    publisher: IntegrationManager,
    endpoint: string,
    pattern: ActionKey | string,
    options: SubscribeOptions,
  ) {
    this.#pattern = patternOf(pattern)
    checkOptions(options, publisher)
    this.#publisher = publisher
    this.#options = options
    const { signal } = options
    if (signal?.aborted) this.#abort()
    else signal?.addEventListener('abort', this.#abort, { once: true })
    this.#joined = this.#join(endpoint)
    this.#joined.catch(() => {}) // whoever waits is told
  }

  /** Messages under matching topics that could not be read: no envelope, or of an unknown format. */
  get malformed(): number {
    return this.#malformed
  }

  /**
   * Resolves when the subscription is in force: nothing published after that is missed. Rejects with
   * EBADF when it or the ZManager was closed before, or with the signal's reason.
   */
  async ready(): Promise<this> {
    await this.#joined
    return this
  }

  /**
   * The next event. Rejects with EBADF when the subscription is closed, or the ZManager has stopped
   * and all was read; with the reason of either signal. No event is lost by that.
   */
  async receive(options: WaitOptions = {}): Promise<FlowEvent> {
    if (!this.#isJoined) await unless(options.signal, this.#joined)
    for (;;) {
      options.signal?.throwIfAborted()
      this.#over.signal.throwIfAborted()
      const event = this.#kept.pop() ?? this.#read(await this.#take(options))
      if (event) return event
    }
  }

  /** Closes it: what waits rejects with EBADF, and loops end. */
  close(): Promise<void> {
    return this.#end(new ZmqError('EBADF', 'The subscription is closed'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /**
   * Reads until the subscription is closed or the ZManager has stopped; throws the signal's reason.
   * Leaving the loop closes the subscription.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<FlowEvent, void, undefined> {
    try {
      for (;;) yield await this.receive()
    } catch (error) {
      if ((error as ZmqError | null)?.code !== 'EBADF') throw error
    } finally {
      await this.close()
    }
  }

  #end(reason: unknown): Promise<void> {
    this.#over.abort(reason)
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.#kept = []
    return this.#socket.close()
  }

  async #join(endpoint: string): Promise<void> {
    try {
      this.#over.signal.throwIfAborted()
      const { last, replay } = this.#options
      const recall = last || replay ? this.#publisher.retained?.recall() : undefined
      const position = await this.#reach(endpoint)
      if (recall) this.#kept = this.#history(recall, position)
      this.#isJoined = true
    } catch (error) {
      await this.#end(error)
      throw this.#over.signal.reason
    }
  }

  /** Resolves when the publisher was heard, with its position then: what came before is skipped. */
  async #reach(endpoint: string): Promise<number> {
    const mark = randomUUID()
    const own = this.#publisher.markTopic(mark)
    // In this order: with the last the others are in force.
    this.#socket.subscribe(prefixOf(this.#pattern), CLOSING, own)
    this.#socket.connect(endpoint)
    const again = setInterval(() => {
      this.#publisher.mark(mark).catch((error) => this.#end(error))
    }, PROBE_MS)
    try {
      for (;;) {
        const [topic] = await this.#socket.receive()
        const text = textOf(topic)
        if (text.startsWith(own)) return Number(text.slice(own.length))
      }
    } finally {
      clearInterval(again)
      if (!this.#socket.closed) this.#socket.unsubscribe(own)
    }
  }

  #history(recall: Recall, position: number): FlowEvent[] {
    const { last = false, replay = 0 } = this.#options
    const wanted = last ? Number.POSITIVE_INFINITY : replay
    const events: FlowEvent[] = []
    if (wanted === 0) return events
    const messages = last ? recall.newest(position) : recall.window(position)
    for (let at = messages.length - 1; at >= 0 && events.length < wanted; at--) {
      const event = this.#read(messages[at] as Message)
      if (event) events.push(event)
    }
    return events
  }

  async #take(options: WaitOptions): Promise<Message> {
    try {
      return await this.#socket.receive(options)
    } catch (error) {
      this.#over.signal.throwIfAborted() // which says more
      throw error
    }
  }

  /** Undefined for what the pattern does not ask for, and for what cannot be read: that is counted. */
  #read(message: Message): FlowEvent | undefined {
    if (isMark(message)) return this.#heard(message)
    const topic = textOf(message[0])
    const key = keyOf(topic)
    if (!key?.matches(this.#pattern)) return undefined
    try {
      const envelope = decodeEnvelope(message)
      return { key, values: readValues(envelope), header: envelope.header, topic, message }
    } catch {
      this.#malformed++
      return undefined
    }
  }

  #heard(mark: Message): undefined {
    if (textOf(mark[0]) !== CLOSING) return // somebody else's
    void this.#end(new ZmqError('EBADF', 'The ZManager has stopped: nothing more is published'))
  }
}

function checkOptions({ last, replay }: SubscribeOptions, { retained }: IntegrationManager): void {
  if (replay !== undefined && !(Number.isSafeInteger(replay) && replay > 0))
    throw new ZmqError('EINVAL', `replay is a whole number of messages from 1 up, not ${replay}`)
  if (last && replay !== undefined)
    throw new ZmqError('EINVAL', 'last and replay are two ways to begin: give one of them')
  if ((last || replay !== undefined) && !retained)
    throw new ZmqError('EINVAL', 'Nothing is kept for late subscribers: set replay_window')
}

/** Undefined for what is published to one receiver: that has no key. */
function keyOf(topic: string): ActionKey | undefined {
  try {
    return topicKey(topic)
  } catch {
    return undefined
  }
}

/** A message may have failed because nobody can read its values: who watches for failures is told. */
function readValues(envelope: Envelope): Values {
  try {
    return valuesOf(envelope)
  } catch (error) {
    if (envelope.header.outcome === 'failed') return {}
    throw error
  }
}

function textOf(frame: Uint8Array | undefined): string {
  return decoder.decode(frame)
}

async function unless<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (!signal) return promise
  signal.throwIfAborted()
  let stop = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
  })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', stop))
}

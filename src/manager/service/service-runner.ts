// A service at work, in the thread or process of its own: carries out its commands, gives it its messages
// one after the other, counts them, and speaks for it.
//
//   Integration Manager --PUB--> SUB [ commands | ends it asked for | messages ] PUSH --> Subject
//                                                                               PUSH --> Integration Manager

import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { ZmqError } from '../../core/errors.ts'
import type { Message } from '../../core/message.ts'
import { Push } from '../../patterns/push.ts'
import { ActionKey, type KeyFields } from '../../topic/action-key.ts'
import type { Envelope } from '../../topic/envelope.ts'
import { bodyOf, FORMAT, valuesOf } from '../codecs.ts'
import { envelope, newHeader, stepError } from '../messages.ts'
import type { Target } from '../program/program.ts'
import { type FlowRequestOptions, Requests } from '../requests.ts'
import { fitting } from '../size-limit.ts'
import type { Values } from '../worker/handlers.ts'
import type { ConfigValue, Service, ServiceContext } from './service.ts'
import {
  answerMessage,
  type Command,
  commandOf,
  commandTopics,
  failedReply,
  replyTo,
} from './service-commands.ts'
import { Feed } from './service-feed.ts'
import { healthOf, healthValues, Meter } from './service-health.ts'
import { loadService } from './service-module.ts'
import { replyTopic } from './service-replies.ts'
import { fieldsOf, keyFrom, subscriptionOf, Topics } from './service-topics.ts'

/** What a service is told at its start; plain data, so that it can cross to another process. */
export interface ServiceSettings {
  readonly id: string
  readonly module: Target
  readonly config: Readonly<Record<string, ConfigValue>>
  /** The topics it has from the start. */
  readonly topics: readonly KeyFields[]
  readonly errorThreshold: number
  /** When it stops: how long it may take for the messages it has, ms. */
  readonly drainMs: number
  readonly subjectPullAddress: string
  readonly integrationManagerPullAddress: string
  readonly integrationManagerPubAddress: string
  /** Bytes of a frame of what it sends; 0 or none: any size. */
  readonly maxMessageSize?: number | undefined
}

/** How long a request waits that names no limit. */
const REQUEST_MS = 30_000
/** What is not sent so long after the end is given up. */
const LAST_WORDS_MS = 1000

export class ServiceRunner {
  readonly #settings: ServiceSettings
  readonly #asker = randomUUID()
  readonly #subject = new Push({ linger: LAST_WORDS_MS })
  readonly #integrationManager = new Push({ linger: LAST_WORDS_MS })
  readonly #feed: Feed
  readonly #requests = new Requests()
  readonly #topics = new Topics()
  readonly #meter = new Meter()
  readonly #stopping = new AbortController()
  #service: Service | undefined // from start on
  #begin = (): void => {}
  /** The messages so far; the first waits until the service has started. */
  #delivered: Promise<void> = new Promise((resolve) => {
    this.#begin = resolve
  })
  #isLeaving = false // what it has not begun by now is left
  #queue = 0

  constructor(settings: ServiceSettings) {
    this.#settings = settings
    setMaxListeners(0, this.#stopping.signal) // a service may hand it to all of its requests
    this.#subject.connect(settings.subjectPullAddress)
    this.#integrationManager.connect(settings.integrationManagerPullAddress)
    this.#feed = new Feed(settings.integrationManagerPubAddress, {
      send: (message) => this.#integrationManager.send(message),
      received: (message) => this.#received(message),
    })
  }

  /** Resolves when the service runs and misses nothing. Rejects with the reason why it does not. */
  async start(): Promise<void> {
    const { id, module, topics } = this.#settings
    const service = await loadService(module)
    const keys = topics.map((fields) => ActionKey.of(fields))
    for (const key of keys) this.#topics.add(key)
    this.#service = service
    const own = [...commandTopics(id), replyTopic(this.#asker)]
    await this.#feed.add(...own, ...this.#topics.keys.map(subscriptionOf))
    await service.start(this.#context())
    this.#begin()
  }

  /** Resolves when the service was told to stop, and has. Rejects with what its `stop` throws. */
  async run(): Promise<void> {
    const { signal } = this.#stopping
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    await Promise.race([this.#delivered, pause(this.#settings.drainMs, undefined, { ref: false })])
    this.#isLeaving = true
    this.#requests.cancelAll(signal.reason)
    try {
      await this.#service?.stop?.()
    } finally {
      await Promise.all([this.#feed.close(), this.#subject.close()])
      await this.#integrationManager.close()
      this.#tellLost()
    }
  }

  /** Messages it got and did not do, and those it sent that nobody took. */
  #tellLost(): void {
    const unsent = [this.#subject, this.#integrationManager]
      .flatMap((socket) => Object.values(socket.statistics().dropped))
      .reduce((sum, count) => sum + count, 0)
    const left = this.#queue > 0 ? [`${this.#queue} messages left`] : []
    if (unsent > 0) left.push(`${unsent} that it had sent, but nobody took`)
    if (left.length === 0) return
    console.error(`zmanager: service ${this.#settings.id} stops with ${left.join(' and ')}`)
  }

  #context(): ServiceContext {
    const { id, config } = this.#settings
    return {
      id,
      config,
      signal: this.#stopping.signal,
      counters: this.#meter,
      push: (flow, values) => this.#push(randomUUID(), flow, values),
      request: (flow, values, options) => this.#request(flow, values, options),
      publish: (key, values) => this.#publish(keyFrom(key), values),
      subscribe: (key) => this.#subscribe(keyFrom(key)),
      unsubscribe: (key) => this.#unsubscribe(keyFrom(key)),
      answer: (token, answer) => this.#answer(token, answer),
      measure: (work) => this.#meter.measure(work),
    }
  }

  async #push(id: string, flow: string, values: Values, asker?: string): Promise<string> {
    const key = ActionKey.of({ flow, action: 'Push' })
    const header = newHeader(id, flow, '', key) // '': the version in force
    if (asker !== undefined) header.replyTo = asker
    await this.#send(this.#subject, envelope(key, header, bodyOf(FORMAT, values)))
    return id
  }

  /** Whoever asks listens already: the answer cannot be missed. */
  async #request(flow: string, values: Values, options?: FlowRequestOptions): Promise<Values> {
    const id = randomUUID()
    const answer = this.#requests.listen(id, { timeout: REQUEST_MS, ...options })
    this.#push(id, flow, values, this.#asker).catch((error) => this.#requests.cancel(id, error))
    return answer
  }

  async #publish(key: ActionKey, values: Values): Promise<void> {
    const header = newHeader(randomUUID(), key.flow, '', key)
    await this.#send(this.#integrationManager, envelope(key, header, bodyOf(FORMAT, values)))
  }

  async #subscribe(key: ActionKey): Promise<boolean> {
    if (!this.#topics.add(key)) return false
    await this.#feed.add(subscriptionOf(key))
    return true
  }

  #unsubscribe(key: ActionKey): boolean {
    if (!this.#topics.remove(key)) return false
    this.#feed.remove(subscriptionOf(key))
    return true
  }

  async #answer(token: string, answer: Values | Error, step = ''): Promise<void> {
    const isError = answer instanceof Error
    const error = isError ? stepError(answer, step, 'EHANDLER') : undefined
    const message = answerMessage(randomUUID(), token, isError ? {} : answer, error)
    await this.#send(this.#integrationManager, message)
  }

  /** Rejects with EMSGSIZE for what the other side would not take. */
  async #send(socket: Push, message: Message): Promise<void> {
    await socket.send(fitting(message, this.#settings.maxMessageSize))
  }

  #received(message: Envelope): void {
    const { topic } = message
    const command = commandOf(this.#settings.id, topic)
    if (command) void this.#obey(command, message)
    else if (topic === replyTopic(this.#asker)) this.#requests.settle(message)
    else if (this.#service?.message && this.#topics.accepts(topic)) this.#enqueue(message)
  }

  #enqueue(message: Envelope): void {
    this.#queue++
    this.#delivered = this.#delivered.then(() => this.#deliver(message))
  }

  /** Never rejects: one message must not end the service. */
  async #deliver(message: Envelope): Promise<void> {
    if (this.#isLeaving) return
    const { token, key } = message.header
    try {
      const answer = await this.#meter.measure(() =>
        this.#service?.message?.(valuesOf(message), message),
      )
      if (token !== undefined && answer) await this.#answer(token, answer, key)
    } catch (error) {
      console.error(`zmanager: service ${this.#settings.id}: ${key}:`, error)
      if (token !== undefined) await this.#answer(token, asError(error), key).catch(() => {}) // closed
    } finally {
      this.#queue--
    }
  }

  /** Never rejects, for the same reason. */
  async #obey(command: Command, message: Envelope): Promise<void> {
    let reply: Message
    try {
      const asked = valuesOf(message)
      reply = replyTo(message, asked, await this.#carryOut(command, asked))
    } catch (error) {
      reply = failedReply(message, stepError(error, message.header.key, 'EIO'))
    }
    await this.#integrationManager.send(reply).catch(() => {}) // it is closed: the service has stopped
  }

  async #carryOut(command: Command, asked: Values): Promise<unknown> {
    const { id, errorThreshold } = this.#settings
    switch (command) {
      case 'get_health':
        return healthValues(healthOf(id, this.#meter, this.#queue, errorThreshold))
      case 'get_topics':
        return this.#topics.keys.map(fieldsOf)
      case 'add_topic': {
        const key = keyFrom(asked['topic'])
        await this.#subscribe(key)
        return fieldsOf(key)
      }
      case 'remove_topic': {
        const key = keyFrom(asked['topic'])
        if (this.#unsubscribe(key)) return fieldsOf(key)
        throw new ZmqError('ENOENT', `Service ${id} has no topic ${key} of flow '${key.flow}'`)
      }
      case 'stop_service':
        this.#stopping.abort(new ZmqError('ESTOPPED', `Service ${id} was told to stop`))
        return 'STOPPING'
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

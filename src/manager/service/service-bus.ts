// What the services of a ZManager need of it, and commands over that: sent as messages, and answered by
// id. Knows no sockets of its own.

import { randomUUID } from 'node:crypto'
import { ZmqError } from '../../core/errors.ts'
import type { Message } from '../../core/message.ts'
import type { ActionKey } from '../../topic/action-key.ts'
import type { Respond } from '../course/responders.ts'
import { FlowError, Requests } from '../requests.ts'
import type { FlowEvent } from '../subscription.ts'
import type { Values } from '../worker/handlers.ts'
import { COMPLETED, type Command, commandMessage } from './service-commands.ts'

export interface ServiceAddresses {
  /** As one connects to them from this machine. */
  readonly subjectPullAddress: string
  readonly integrationManagerPullAddress: string
  readonly integrationManagerPubAddress: string
  /** Bytes of a frame of what it sends; 0 or none: any size. */
  readonly maxMessageSize?: number | undefined
}

/** What is published under a key; the loop over it ends when it is closed. */
export interface Published extends AsyncIterable<Pick<FlowEvent, 'topic' | 'header' | 'message'>> {
  close(): Promise<void>
}

/** A ZManager, as its services see it. */
export interface ServiceBus {
  /** For its sockets; known once the ZManager runs. */
  addresses(): ServiceAddresses
  /** Names of the flows there are. */
  flows(): readonly string[]
  publish(message: Message): void
  /** Resolves when nothing under this key is missed any more. */
  subscribe(key: ActionKey): Promise<Published>
  /** Answers published steps whose keys match; returns what takes that away. */
  serve(pattern: ActionKey, respond: Respond): () => void
  /** Something an operator should read. */
  report(text: string): void
}

export class Commander {
  readonly #bus: ServiceBus
  readonly #requests = new Requests()
  #replies: Published | undefined
  #loop: Promise<void> = Promise.resolve()

  constructor(bus: ServiceBus) {
    this.#bus = bus
  }

  async open(): Promise<void> {
    const replies = await this.#bus.subscribe(COMPLETED)
    this.#replies = replies
    this.#loop = this.#listen(replies)
  }

  async close(): Promise<void> {
    const text = 'The ZManager stops: its services are not asked any more'
    this.#requests.cancelAll(new ZmqError('ESTOPPED', text))
    await this.#replies?.close()
    await this.#loop
  }

  /** Sends a command whose reply is of no interest. */
  tell(service: string, command: Command): void {
    this.#bus.publish(commandMessage(randomUUID(), service, command))
  }

  /**
   * Resolves with what the service replies. Rejects with the code of what went wrong there, or
   * ETIMEDOUT when it says nothing for so long.
   */
  async ask(
    service: string,
    command: Command,
    timeoutMs: number,
    values: Values = {},
  ): Promise<unknown> {
    const id = randomUUID()
    const reply = this.#requests.listen(id, { timeout: timeoutMs })
    this.#bus.publish(commandMessage(id, service, command, values))
    try {
      return (await reply)['message']
    } catch (error) {
      if (error instanceof FlowError || (error as ZmqError).code !== 'ETIMEDOUT') throw error
      const text = `Service ${service} did not answer ${command} within ${timeoutMs} ms`
      throw new ZmqError('ETIMEDOUT', text)
    } finally {
      this.#requests.cancel(id, undefined) // a reply that comes late finds nobody
    }
  }

  async #listen(replies: Published): Promise<void> {
    for await (const { topic, header, message } of replies)
      this.#requests.settle({ topic, header, body: message[2] as Uint8Array })
  }
}

// What a service is: code of the user's that lives beside the workers, such as a gateway to a network, and
// what it is given to speak with the ZManager. Knows no sockets and no threads.

import type { ActionKey } from '../../topic/action-key.ts'
import type { Envelope } from '../../topic/envelope.ts'
import type { FlowRequestOptions } from '../requests.ts'
import type { Values } from '../worker/handlers.ts'
import type { Counters } from './service-health.ts'

/** A value of a service's section: `true`, `8080`, `[a, b]` or text. */
export type ConfigValue = string | number | boolean | readonly string[]

/** How a service speaks with its ZManager. All of its functions may be called from `start` on. */
export interface ServiceContext {
  /** Its name in zmanager.ini. */
  readonly id: string
  /** The keys of its section, as they are written there. */
  readonly config: Readonly<Record<string, ConfigValue>>
  /** Aborted when the service is to stop, before its `stop` is called. */
  readonly signal: AbortSignal
  /** What it has done since it started: its messages, and what `measure` saw. */
  readonly counters: Counters
  /** Sends values into a flow. Resolves with the message's id. */
  push(flow: string, values: Values): Promise<string>
  /**
   * Sends values into a flow and resolves with those of the message's end, which nobody else gets.
   * Rejects with a FlowError when the message fails (ENOENT: there is no such flow), with ETIMEDOUT
   * after `timeout` (default: 30 s), with the signal's reason, or with ESTOPPED when the service stops.
   */
  request(flow: string, values: Values, options?: FlowRequestOptions): Promise<Values>
  /** Publishes values under an action key; a key in text has no flow. */
  publish(key: ActionKey | string, values: Values): Promise<void>
  /**
   * Has what is published under keys that match given to `message`; empty fields match any. Resolves
   * when nothing is missed any more; false if it was subscribed already. Without a flow (and a key in
   * text has none) all that is published travels here to be looked at: name the flow where that is much.
   */
  subscribe(key: ActionKey | string): Promise<boolean>
  /** Takes back the subscription to exactly this key; false if there is none. */
  unsubscribe(key: ActionKey | string): boolean
  /** Ends the wait of a message whose header has this token: with values, or with an error. */
  answer(token: string, answer: Values | Error): Promise<void>
  /** Runs `work` and counts it, and its time, as a message is counted. */
  measure<T>(work: () => T | Promise<T>): Promise<T>
}

// biome-ignore lint/suspicious/noConfusingVoidType: as for a handler
type Answered = Values | void

export interface Service {
  /** The service runs when this resolves; what it throws is why it cannot. */
  start(context: ServiceContext): void | Promise<void>
  /**
   * Called once, before the host ends, when the messages it has are done or half of `stop_timeout` is
   * over; when that is over, the host is ended anyway.
   */
  stop?(): void | Promise<void>
  /**
   * Gets what is published under the service's topics, once `start` is done and one after the other:
   * the next when this is resolved. To a message whose header has a token, returned values are the answer, and what is
   * thrown fails it; without a return `answer` may follow later.
   */
  message?(values: Values, message: Envelope): Answered | Promise<Answered>
}

/** Gives an object the type of a service; classes may `implement Service` instead. */
export function defineService(service: Service): Service {
  return service
}

// What a socket tells about itself: libzmq's monitor (zmq_socket_monitor) as typed events, in
// zeromq.js's names, plus `attach` and `detach`, which follow the messages instead of the wire.

import { EventEmitter } from 'eventemitter3'
import { ZmqError } from './errors.ts'
import { Fifo } from './fifo.ts'
import type { PeerInfo } from './pipe.ts'
import { Waiters } from './waiters.ts'

export type SocketEvent =
  /** Listening; `address` is the real endpoint. */
  | { type: 'bind'; address: string }
  | { type: 'bind:error'; address: string; error: ZmqError }
  /** A connection came in. */
  | { type: 'accept'; address: string; peerAddress: string }
  /** A connect attempt began; it succeeded; the next one starts after `interval` ms. */
  | { type: 'connect:delay'; address: string }
  | { type: 'connect'; address: string }
  | { type: 'connect:retry'; address: string; interval: number; error: ZmqError | undefined }
  /** The handshake is done: messages flow. */
  | { type: 'handshake'; address: string; peer: PeerInfo }
  /** The peer broke the protocol: this connection is over and is not tried again. */
  | { type: 'handshake:error:protocol'; address: string; error: ZmqError }
  /** The handshake ended for another reason (connection lost, time out). */
  | { type: 'handshake:error:other'; address: string; error: ZmqError }
  /** An established connection broke, or a listener or a connect attempt was closed. */
  | { type: 'disconnect'; address: string; error: ZmqError | undefined; peer: PeerInfo | undefined }
  | { type: 'close'; address: string }
  /** A peer can be sent to; it is gone and all it had sent was received. */
  | { type: 'attach'; peer: PeerInfo }
  | { type: 'detach'; peer: PeerInfo | undefined }
  /** The socket is closed and nothing lingers any more. The last event. */
  | { type: 'end' }

/** The event of a connection that ended before its handshake was done. */
export function handshakeFailed(address: string, error: ZmqError | undefined): SocketEvent {
  if (error?.isProtocolError) return { type: 'handshake:error:protocol', address, error }
  const quiet =
    'The peer closed the connection during the handshake (libzmq does when mechanisms or types differ)'
  const cause = error ?? new ZmqError('ECONNRESET', quiet, { address })
  return { type: 'handshake:error:other', address, error: cause }
}

export type EventType = SocketEvent['type']
export type EventOf<T extends EventType> = Extract<SocketEvent, { type: T }>

type Listeners = { [T in EventType]: (event: EventOf<T>) => void }

/**
 * The events of one socket. Listeners run in a microtask of their own: never inside `send`, and
 * one that throws (an uncaught exception, as always) disturbs neither the socket nor another listener.
 *
 * `for await (const event of socket.events)` gives all events from there on, of every type, and ends
 * after `end`. Each loop sees them all, whatever it has not read yet waits for it without limit, and
 * a loop that is left stops collecting. Unlike a listener, a loop that waits keeps the process alive.
 */
export class SocketEvents implements AsyncIterable<SocketEvent> {
  readonly #emitter = new EventEmitter<Listeners>()
  readonly #readers = new Set<EventReader>()
  #ended = false

  on<T extends EventType>(type: T, listener: (event: EventOf<T>) => void): this {
    this.#emitter.on(type, listener as never)
    return this
  }

  once<T extends EventType>(type: T, listener: (event: EventOf<T>) => void): this {
    this.#emitter.once(type, listener as never)
    return this
  }

  off<T extends EventType>(type: T, listener: (event: EventOf<T>) => void): this {
    this.#emitter.off(type, listener as never)
    return this
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<SocketEvent, undefined> {
    const reader: EventReader = new EventReader(() => this.#readers.delete(reader))
    if (this.#ended) reader.end()
    else this.#readers.add(reader)
    return reader
  }

  /** For the socket itself and its transports. */
  emit(event: SocketEvent): void {
    for (const listener of this.#emitter.listeners(event.type)) {
      this.#emitter.removeListener(event.type, listener, undefined, true) // those of `once`
      queueMicrotask(() => (listener as (event: SocketEvent) => void)(event))
    }
    for (const reader of this.#readers) reader.push(event)
    if (event.type !== 'end') return
    this.#ended = true
    for (const reader of this.#readers) reader.end()
  }
}

type Step = IteratorResult<SocketEvent, undefined>
const DONE: Step = { value: undefined, done: true }

/** One loop over the events. */
class EventReader implements AsyncIterableIterator<SocketEvent, undefined> {
  readonly #queue = new Fifo<SocketEvent>()
  readonly #waiting = new Waiters<undefined, Step>()
  readonly #left: () => void
  #over = false

  constructor(left: () => void) {
    this.#left = left
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Step> {
    const event = this.#queue.shift()
    if (event !== undefined) return Promise.resolve({ value: event, done: false })
    return this.#over ? Promise.resolve(DONE) : this.#waiting.add(undefined, -1, 'An event')
  }

  async return(): Promise<Step> {
    this.end()
    this.#queue.clear()
    return DONE
  }

  push(event: SocketEvent): void {
    if (this.#waiting.length > 0) this.#waiting.resolveFirst({ value: event, done: false })
    else this.#queue.push(event)
  }

  /** No more events come; those that are there can still be read. */
  end(): void {
    this.#over = true
    this.#left()
    while (this.#waiting.length > 0) this.#waiting.resolveFirst(DONE)
  }
}

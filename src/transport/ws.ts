// A WebSocket as a Connection, with `ws` and, as a client, with a browser's WebSocket.
//
//   our own subprotocol   a byte stream in binary messages of any size up to 256 KiB; text messages
//                         are credit, a decimal number of bytes taken in: browsers cannot pause
//   ZWS (RFC 45)          every piece is one binary message; `ws` is paused, browsers cannot be

import { clock, type Timer } from '../core/clock.ts'
import { ZmqError } from '../core/errors.ts'
import type { Connection, ConnectionSink } from '../core/transport.ts'
import { Credit } from './credit.ts'
import { causeOf, complaintOf } from './ws-errors.ts'

/** The subprotocol between zmanager peers (RFC 6455 names have no '/'). */
export const SUBPROTOCOL = 'zmtp.zmanager'

/** What is used of a WebSocket. */
export interface WebSocketLike {
  binaryType: string
  readonly bufferedAmount: number
  send(data: Uint8Array | string, options?: object, written?: (error?: Error) => void): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void
  addEventListener(
    type: 'error',
    listener: (event: { error?: unknown; message?: string }) => void,
  ): void
  // only in `ws`
  on?(type: 'ping' | 'pong', listener: () => void): unknown
  ping?(): void
  pause?(): void
  resume?(): void
  terminate?(): void
}

/** What was agreed on when the WebSocket was opened. */
export interface WebSocketKind {
  readonly subprotocol: string
  /** This side connected. */
  readonly client: boolean
  /** How long a closing peer may be silent before it is given up, ms; 0 = for ever. */
  readonly closeMs?: number
}

/** Bytes a WebSocket may hold before it is given no more, where there is no credit. */
const HIGH_WATER_BYTES = 256 * 1024
/** Longest message of a stream; a receiver holds a whole one before it hands it on. */
const LONGEST_MESSAGE = 256 * 1024
/** Bytes under way at most: over 50 ms of network still 80 MB/s. */
export const WINDOW_BYTES: number = 4 * 1024 * 1024
/** What a peer may send beyond its credit: it ends with the message that used it up. */
const MOST_OWED = 2 * WINDOW_BYTES
const LONGEST_CREDIT = 16
/** How often a WebSocket without callbacks is asked whether it has room again. */
const POLL_MS = 5
/** Foreign peers may never answer a close (libzmq), and all is with the system by then. */
const FOREIGN_CLOSE_MS = 2000
const NORMAL_CLOSURE = 1000
const PROTOCOL_ERROR = 1002
const UNSUPPORTED_DATA = 1003
const SEND_OPTIONS = { binary: true, compress: false }
const CREDIT_OPTIONS = { binary: false, compress: false }

export class WebSocketConnection implements Connection {
  readonly peerAddress: string
  readonly transfers = false
  readonly subprotocol: string
  readonly client: boolean
  /** Only where the platform has it and the protocol has none of its own. */
  readonly ping: (() => void) | undefined
  readonly #socket: WebSocketLike
  readonly #credit: Credit | undefined // our own subprotocol
  #sink: ConnectionSink | undefined
  readonly #early: Uint8Array[] = [] // came before `start`: a WebSocket does not wait for listeners
  readonly #waiting: Uint8Array[] = [] // written, beyond the credit
  #closed = false
  #refused = false
  #full = false
  #closing = false
  #cause: Error | undefined
  readonly #closeMs: number
  #patience: Timer | undefined // while the other side has yet to agree to the end

  constructor(
    socket: WebSocketLike,
    peerAddress: string,
    { subprotocol, client, closeMs = 0 }: WebSocketKind = {
      subprotocol: SUBPROTOCOL,
      client: false,
    },
  ) {
    this.#closeMs = subprotocol === SUBPROTOCOL ? closeMs : FOREIGN_CLOSE_MS
    this.#socket = socket
    this.peerAddress = peerAddress
    this.subprotocol = subprotocol
    this.client = client
    if (subprotocol === SUBPROTOCOL) this.#credit = new Credit(WINDOW_BYTES)
    else if (socket.ping) this.ping = () => socket.ping?.()
    if (socket.pause === undefined) socket.binaryType = 'arraybuffer' // `ws` gives views
    const heard = (): void => this.#sink?.heard()
    socket.on?.('ping', heard)
    socket.on?.('pong', heard)
    socket.addEventListener('error', ({ error, message }) => {
      this.#cause ??= causeOf(error, message)
    })
    socket.addEventListener('message', ({ data }) => this.#receive(data))
    socket.addEventListener('close', ({ code, reason }) => this.#close(code, reason))
  }

  get idle(): boolean {
    return this.#waiting.length === 0 && this.#socket.bufferedAmount === 0
  }

  start(sink: ConnectionSink): void {
    this.#sink = sink
    for (const chunk of this.#early.splice(0)) sink.data(chunk)
    this.#giveCredit()
    if (this.#closed) queueMicrotask(() => sink.closed(this.#cause))
  }

  write(pieces: readonly Uint8Array[]): boolean {
    if (this.#credit) this.#stream(pieces, this.#credit)
    else this.#messages(pieces)
    return !this.#full
  }

  pause(): void {
    if (this.#credit) this.#credit.paused = true
    else this.#socket.pause?.()
  }

  resume(): void {
    if (this.#credit) this.#credit.paused = false
    else this.#socket.resume?.()
    this.#giveCredit()
  }

  close(): void {
    this.#closing = true
    this.#finish()
  }

  destroy(): void {
    this.#waiting.length = 0
    if (this.#socket.terminate) return this.#socket.terminate()
    this.#socket.close(NORMAL_CLOSURE)
    queueMicrotask(() => this.#close(NORMAL_CLOSURE, '')) // a dead peer answers nothing
  }

  // --- in --------------------------------------------------------------------------------------

  #receive(data: unknown): void {
    if (this.#refused || this.#closed) return
    if (this.#patience) this.#awaitEnd()
    const chunk = data instanceof ArrayBuffer ? new Uint8Array(data) : data
    if (chunk instanceof Uint8Array) this.#data(chunk)
    else if (this.#credit && typeof data === 'string') this.#granted(data, this.#credit)
    else this.#refuse(UNSUPPORTED_DATA, 'binary messages only')
  }

  #data(chunk: Uint8Array): void {
    if (this.#credit) {
      if (chunk.length === 0) return this.#refuse(PROTOCOL_ERROR, 'a message without content')
      this.#credit.received(chunk.length)
      if (this.#credit.owed > MOST_OWED) return this.#refuse(PROTOCOL_ERROR, 'more than its credit')
    }
    if (this.#sink === undefined) this.#early.push(chunk)
    else this.#sink.data(chunk)
    this.#giveCredit()
  }

  #granted(text: string, credit: Credit): void {
    const bytes = text.length <= LONGEST_CREDIT && /^\d+$/.test(text) ? Number(text) : 0
    if (!credit.granted(bytes)) return this.#refuse(PROTOCOL_ERROR, 'credit for what was not sent')
    this.#sink?.heard()
    while (this.#waiting.length > 0 && !credit.full)
      this.#send(this.#waiting.shift() as Uint8Array, credit)
    this.#finish()
    if (!credit.full) this.#drain()
  }

  #giveCredit(): void {
    const bytes = this.#sink ? this.#credit?.due() : 0
    if (bytes) this.#socket.send(`${bytes}`, CREDIT_OPTIONS)
  }

  /** What the peer still sends is not looked at: it did not keep to the protocol. */
  #refuse(code: number, reason: string): void {
    this.#refused = true
    this.#cause = new ZmqError('ERR_ZMTP_WEBSOCKET', `The peer broke the subprotocol: ${reason}`, {
      address: this.peerAddress,
    })
    const browser = this.#socket.terminate === undefined // those may not say more than 1000
    this.#socket.close(browser ? NORMAL_CLOSURE : code, reason)
  }

  #close(code: number, reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#patience?.cancel()
    this.#cause ??= complaintOf(code, reason)
    this.#sink?.closed(this.#cause)
  }

  // --- out -------------------------------------------------------------------------------------

  #stream(pieces: readonly Uint8Array[], credit: Credit): void {
    for (const piece of pieces) {
      if (piece.length === 0) continue // a message says something
      if (piece.length <= LONGEST_MESSAGE) this.#sendOrWait(piece, credit)
      else
        for (let at = 0; at < piece.length; at += LONGEST_MESSAGE)
          this.#sendOrWait(piece.subarray(at, at + LONGEST_MESSAGE), credit)
    }
    this.#full = credit.full
  }

  #sendOrWait(part: Uint8Array, credit: Credit): void {
    if (credit.full) this.#waiting.push(part)
    else this.#send(part, credit)
  }

  #send(part: Uint8Array, credit: Credit): void {
    credit.wrote(part.length)
    this.#socket.send(part, SEND_OPTIONS, this.#written)
  }

  #messages(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.#socket.send(piece, SEND_OPTIONS, this.#written)
    this.#full = this.#socket.bufferedAmount >= HIGH_WATER_BYTES
    if (this.#full && this.#socket.pause === undefined) this.#poll()
  }

  #poll(): void {
    const before = this.#socket.bufferedAmount
    clock.after(POLL_MS, () => {
      if (this.#socket.bufferedAmount < before) this.#written()
      if (this.#full && !this.#closed) this.#poll()
    })
  }

  readonly #written = (): void => {
    if (this.#closing) this.#finish()
    if (this.#credit) return
    this.#sink?.progress?.()
    if (this.#socket.bufferedAmount < HIGH_WATER_BYTES) this.#drain()
  }

  #drain(): void {
    if (!this.#full) return
    this.#full = false
    this.#sink?.drain()
  }

  /** Only when all is written. The peer reads it all before it agrees to the end. */
  #finish(): void {
    if (!this.#closing || this.#patience || this.#waiting.length > 0) return
    const waits = this.#socket.pause !== undefined && this.#socket.bufferedAmount > 0
    if (waits) return
    this.#socket.close(NORMAL_CLOSURE)
    this.#awaitEnd()
  }

  /** Ending the connection first would lose what is on its way: the peer's credit would meet a closed door. */
  #awaitEnd(): void {
    this.#patience?.cancel()
    if (this.#closed || this.#closeMs === 0) return
    this.#patience = clock.after(this.#closeMs, () => {
      const message = `The peer has not taken in what it was sent, and is silent for ${this.#closeMs} ms`
      this.#cause ??= new ZmqError('ETIMEDOUT', message, { address: this.peerAddress })
      this.destroy()
    })
  }
}

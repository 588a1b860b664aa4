// A WebSocket as a Connection: our own subprotocol, which carries the ZMTP 3.1 byte stream in binary
// messages of any size. Works with `ws` and, as a client, with a browser's WebSocket.

import { clock } from '../core/clock.ts'
import type { Connection, ConnectionSink } from '../core/transport.ts'

/** The subprotocol between zmanager peers (RFC 6455 names have no '/'). */
export const SUBPROTOCOL = 'zmtp.zmanager'

/** What is used of a WebSocket. */
export interface WebSocketLike {
  binaryType: string
  readonly bufferedAmount: number
  send(data: Uint8Array, options?: object, written?: (error?: Error) => void): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void
  addEventListener(
    type: 'error',
    listener: (event: { error?: unknown; message?: string }) => void,
  ): void
  // only in `ws`
  pause?(): void
  resume?(): void
  terminate?(): void
}

/** Bytes a WebSocket may hold before it is given no more. */
const HIGH_WATER_BYTES = 256 * 1024
/** Longest WebSocket message written; a receiver holds a whole one before it hands it on. */
const LONGEST_MESSAGE = 256 * 1024
/** How often a WebSocket without callbacks is asked whether it has room again. */
const POLL_MS = 5
const NORMAL_CLOSURE = 1000
const UNSUPPORTED_DATA = 1003
const SEND_OPTIONS = { binary: true, compress: false }

export class WebSocketConnection implements Connection {
  readonly peerAddress: string
  readonly transfers = false
  readonly #socket: WebSocketLike
  #sink: ConnectionSink | undefined
  readonly #early: Uint8Array[] = [] // came before `start`: a WebSocket does not wait for listeners
  #closed = false
  #full = false
  #closing = false
  #cause: Error | undefined

  constructor(socket: WebSocketLike, peerAddress: string) {
    this.#socket = socket
    this.peerAddress = peerAddress
    if (socket.pause === undefined) socket.binaryType = 'arraybuffer' // `ws` gives views without copying
    socket.addEventListener('error', ({ error, message }) => {
      this.#cause = error instanceof Error ? error : new Error(message ?? 'WebSocket error')
    })
    socket.addEventListener('message', ({ data }) => this.#receive(data))
    socket.addEventListener('close', () => this.#close())
  }

  start(sink: ConnectionSink): void {
    this.#sink = sink
    for (const chunk of this.#early.splice(0)) sink.data(chunk)
    if (this.#closed) queueMicrotask(() => sink.closed(this.#cause))
  }

  #receive(data: unknown): void {
    const chunk = data instanceof ArrayBuffer ? new Uint8Array(data) : data
    if (!(chunk instanceof Uint8Array)) this.#socket.close(UNSUPPORTED_DATA, 'binary messages only')
    else if (this.#sink) this.#sink.data(chunk)
    else this.#early.push(chunk)
  }

  #close(): void {
    this.#closed = true
    this.#sink?.closed(this.#cause)
  }

  write(pieces: readonly Uint8Array[]): boolean {
    for (const piece of pieces) {
      for (let at = 0; at < piece.byteLength; at += LONGEST_MESSAGE) {
        const whole = piece.byteLength <= LONGEST_MESSAGE
        this.#socket.send(
          whole ? piece : piece.subarray(at, at + LONGEST_MESSAGE),
          SEND_OPTIONS,
          this.#written,
        )
      }
    }
    this.#full = this.#socket.bufferedAmount >= HIGH_WATER_BYTES
    if (this.#full && this.#socket.pause === undefined) this.#poll()
    return !this.#full
  }

  pause(): void {
    this.#socket.pause?.()
  }

  resume(): void {
    this.#socket.resume?.()
  }

  close(): void {
    this.#closing = true
    this.#finish()
  }

  /** Only when all is written: `ws` cuts off the rest when its close timer ends. */
  #finish(): void {
    const waits = this.#socket.pause !== undefined && this.#socket.bufferedAmount > 0
    if (this.#closing && !waits) this.#socket.close(NORMAL_CLOSURE)
  }

  destroy(): void {
    if (this.#socket.terminate) this.#socket.terminate()
    else this.#socket.close(NORMAL_CLOSURE)
  }

  #poll(): void {
    clock.after(POLL_MS, () => {
      this.#written()
      if (this.#full) this.#poll()
    })
  }

  readonly #written = (): void => {
    this.#finish()
    if (!this.#full || this.#socket.bufferedAmount >= HIGH_WATER_BYTES) return
    this.#full = false
    this.#sink?.drain()
  }
}

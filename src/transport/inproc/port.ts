// A MessagePort as a Connection: one transferred ArrayBuffer per piece, and credit for the reader.
//
//   data    Uint8Array, its memory transferred
//   credit  number of bytes the other side has taken in
//   end     null: nothing more will come
//
// A port cannot be held back, so the sender stops when a window of bytes is not credited.

import type { Connection, ConnectionSink } from '../../core/transport.ts'

/** What is used of a MessagePort (Node's and the browser's have it). */
export interface PortLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: () => void): void
  start(): void
  close(): void
  unref?(): void
}

const WINDOW_BYTES = 1024 * 1024
const CREDIT_BYTES = WINDOW_BYTES / 4

export class PortConnection implements Connection {
  readonly transfers = true
  readonly peerAddress: string
  readonly #port: PortLike
  #sink: ConnectionSink | undefined
  #inFlight = 0 // written and not credited
  #taken = 0 // received and not yet credited to the peer
  #full = false
  #paused = false
  #over = false

  constructor(port: PortLike, peerAddress: string) {
    this.#port = port
    this.peerAddress = peerAddress
    port.addEventListener('close', () => this.#closed())
  }

  start(sink: ConnectionSink): void {
    this.#sink = sink
    if (this.#over) queueMicrotask(() => sink.closed())
    this.#port.addEventListener('message', (event) => this.#receive(event.data))
    this.#port.start()
    this.#port.unref?.()
  }

  write(pieces: readonly Uint8Array[]): boolean {
    for (const piece of pieces) {
      this.#inFlight += piece.byteLength
      this.#port.postMessage(piece, [piece.buffer as ArrayBuffer])
    }
    this.#full = this.#inFlight >= WINDOW_BYTES
    return !this.#full
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#giveCredit()
  }

  close(): void {
    this.#port.postMessage(null, [])
  }

  destroy(): void {
    this.#port.close()
    queueMicrotask(() => this.#closed())
  }

  #receive(data: unknown): void {
    if (data instanceof Uint8Array) {
      this.#taken += data.byteLength
      this.#sink?.data(data)
      this.#giveCredit()
    } else if (typeof data === 'number') {
      this.#inFlight -= data
      if (!this.#full || this.#inFlight >= WINDOW_BYTES) return
      this.#full = false
      this.#sink?.drain()
    } else if (data === null) {
      this.destroy()
    }
  }

  #giveCredit(): void {
    if (this.#paused || this.#taken < CREDIT_BYTES) return
    this.#port.postMessage(this.#taken, [])
    this.#taken = 0
  }

  #closed(): void {
    if (this.#over) return
    this.#over = true
    this.#sink?.closed()
  }
}

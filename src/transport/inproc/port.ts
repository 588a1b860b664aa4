// A MessagePort as a Connection: one transferred ArrayBuffer per piece, and credit for the reader.
//
//   data    Uint8Array, its memory transferred, or shared
//   credit  number of bytes the other side has taken in
//   end     null: nothing more will come

import type { Connection, ConnectionSink } from '../../core/transport.ts'
import { Credit } from '../credit.ts'

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

export class PortConnection implements Connection {
  readonly transfers = true
  readonly peerAddress: string
  readonly #port: PortLike
  #sink: ConnectionSink | undefined
  readonly #credit = new Credit(WINDOW_BYTES)
  #full = false
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
      this.#credit.wrote(piece.byteLength)
      this.#post(piece)
    }
    this.#full = this.#credit.full
    return !this.#full
  }

  /** Shared memory goes by reference, and what cannot be moved (WebAssembly's memory) is cloned. */
  #post(piece: Uint8Array): void {
    const { buffer } = piece
    if (!(buffer instanceof ArrayBuffer)) return this.#port.postMessage(piece, [])
    try {
      this.#port.postMessage(piece, [buffer])
    } catch {
      this.#port.postMessage(piece, [])
    }
  }

  pause(): void {
    this.#credit.paused = true
  }

  resume(): void {
    this.#credit.paused = false
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
      this.#credit.received(data.byteLength)
      this.#sink?.data(data)
      this.#giveCredit()
    } else if (typeof data === 'number') {
      this.#credit.granted(data)
      this.#sink?.heard()
      if (!this.#full || this.#credit.full) return
      this.#full = false
      this.#sink?.drain()
    } else if (data === null) {
      this.destroy()
    }
  }

  #giveCredit(): void {
    const bytes = this.#credit.due()
    if (bytes > 0) this.#port.postMessage(bytes, [])
  }

  #closed(): void {
    if (this.#over) return
    this.#over = true
    this.#sink?.closed()
  }
}

// A MessagePort as a Connection: one message a batch, its memory transferred, and credit for the reader.
//
//   data    [cost, Uint8Array ...], their memory transferred, or shared
//   credit  the cost, in bytes, of what the other side has taken in
//   end     null: nothing more will come

import { MOVED_COST } from '../../core/batch.ts'
import { isMovable } from '../../core/message.ts'
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
  readonly idle = false // what was written is gone, not free
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
    let cost = 0
    for (const piece of pieces) cost += isMovable(piece) ? MOVED_COST : piece.length
    this.#credit.wrote(cost)
    this.#post([cost, ...pieces], memoryOf(pieces))
    this.#full = this.#credit.full
    return !this.#full
  }

  /** What cannot be moved (WebAssembly's memory) is cloned. */
  #post(data: unknown, memory: ArrayBuffer[]): void {
    try {
      this.#port.postMessage(data, memory)
    } catch {
      this.#port.postMessage(data, [])
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
    if (Array.isArray(data)) {
      const [cost, ...pieces] = data as [number, ...Uint8Array[]]
      this.#credit.received(cost)
      for (const piece of pieces) this.#sink?.data(piece)
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

/** Shared memory goes by reference. */
function memoryOf(pieces: readonly Uint8Array[]): ArrayBuffer[] {
  const memory = new Set<ArrayBuffer>()
  for (const { buffer } of pieces) if (buffer instanceof ArrayBuffer) memory.add(buffer)
  return [...memory]
}

// WebSockets that send when the test says so: one like a browser's, one with what `ws` has more.
import type { ConnectionSink } from '../../../src/core/transport.ts'
import {
  WebSocketConnection,
  type WebSocketKind,
  type WebSocketLike,
} from '../../../src/transport/ws.ts'

type Listener = (event: never) => void

export class FakeSocket implements WebSocketLike {
  binaryType = 'blob'
  bufferedAmount = 0
  readonly sent: Uint8Array[] = []
  readonly texts: string[] = []
  closedWith: number | undefined
  reason: string | undefined
  terminated = false
  readonly #listeners: [string, Listener][] = []
  #callbacks: (() => void)[] = []

  send(data: Uint8Array | string, _options?: object, written?: () => void): void {
    if (typeof data === 'string') return void this.texts.push(data)
    this.sent.push(data)
    this.bufferedAmount += data.byteLength
    if (written) this.#callbacks.push(written)
  }

  get sentBytes(): number {
    return this.sent.reduce((sum, data) => sum + data.byteLength, 0)
  }

  /** All that was sent is on its way. */
  flush(): void {
    this.bufferedAmount = 0
    for (const written of this.#callbacks.splice(0)) written()
  }

  close(code?: number, reason?: string): void {
    this.closedWith ??= code
    this.reason ??= reason
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push([type, listener])
  }

  tell(type: string, event: object = {}): void {
    for (const [one, listener] of this.#listeners) if (one === type) listener(event as never)
  }
}

/** With what only `ws` has. */
export class FakeWs extends FakeSocket {
  override binaryType = 'nodebuffer'
  paused = false
  pings = 0

  on(type: string, listener: Listener): this {
    this.addEventListener(type, listener)
    return this
  }

  ping(): void {
    this.pings++
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  terminate(): void {
    this.terminated = true
  }
}

export class Recorder implements ConnectionSink {
  readonly chunks: Uint8Array[] = []
  drains = 0
  heards = 0
  closes: (Error | undefined)[] = []

  data(chunk: Uint8Array): void {
    this.chunks.push(chunk)
  }

  heard(): void {
    this.heards++
  }

  drain(): void {
    this.drains++
  }

  closed(cause?: Error): void {
    this.closes.push(cause)
  }
}

export interface Started<S> {
  readonly socket: S
  readonly connection: WebSocketConnection
  readonly sink: Recorder
}

/** A connection over `socket` whose sink writes down what it is told. */
export function started<S extends FakeSocket>(socket: S, kind?: WebSocketKind): Started<S> {
  const connection = new WebSocketConnection(socket, 'fake', kind)
  const sink = new Recorder()
  connection.start(sink)
  return { socket, connection, sink }
}

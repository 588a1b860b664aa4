// A host, a connection and a wire that do only what the test tells them to.
import type { Endpoint } from '../../src/core/endpoint.ts'
import type { SocketEvent } from '../../src/core/events.ts'
import type { Options, SocketOptions } from '../../src/core/option-types.ts'
import { makeOptions } from '../../src/core/options.ts'
import type { SocketType } from '../../src/core/socket-type.ts'
import type {
  Connection,
  ConnectionSink,
  DropReason,
  Host,
  Listener,
  Protocol,
  Wire,
} from '../../src/core/transport.ts'
import { zmtpFor } from '../../src/wire/zmtp/zmtp.ts'

export class FakeHost implements Host {
  readonly socketType: SocketType
  readonly options: Options
  readonly events: SocketEvent[] = []
  readonly drops: Partial<Record<DropReason, number>> = {}

  constructor(socketType: SocketType, given: SocketOptions = {}) {
    this.socketType = socketType
    this.options = makeOptions(socketType, given)
  }

  emit(event: SocketEvent): void {
    this.events.push(event)
  }

  dropped(reason: DropReason, count: number): void {
    this.drops[reason] = (this.drops[reason] ?? 0) + count
  }

  types(): string[] {
    return this.events.map((event) => event.type)
  }
}

export class FakeConnection implements Connection {
  readonly peerAddress = 'fake'
  readonly transfers = false
  idle = false
  /** Each write, its pieces joined. */
  readonly writes: Uint8Array[] = []
  /** What `write` answers. */
  room = true
  paused = false
  over: 'closed' | 'destroyed' | undefined
  /** Handed over as soon as somebody listens. */
  early: Uint8Array | undefined
  sink!: ConnectionSink

  start(sink: ConnectionSink): void {
    this.sink = sink
    if (this.early) sink.data(this.early)
  }

  write(pieces: readonly Uint8Array[]): boolean {
    this.writes.push(Uint8Array.from(Buffer.concat(pieces)))
    return this.room
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  close(): void {
    this.#end('closed')
  }

  destroy(): void {
    this.#end('destroyed')
  }

  #end(how: 'closed' | 'destroyed'): void {
    if (this.over) return
    this.over = how
    queueMicrotask(() => this.sink?.closed()) // nobody may have listened yet
  }
}

interface Dial {
  readonly signal: AbortSignal
  succeed(connection: Connection): void
  fail(error: Error): void
}

/** Every dial waits until the test ends it. */
export class FakeWire implements Wire {
  readonly dials: Dial[] = []
  onConnection: ((connection: Connection) => void) | undefined

  dial(_endpoint: Endpoint, _host: Host, signal: AbortSignal): Promise<Connection> {
    return new Promise((succeed, fail) => this.dials.push({ signal, succeed, fail }))
  }

  async listen(
    endpoint: Endpoint,
    _host: Host,
    onConnection: (connection: Connection) => void,
  ): Promise<Listener> {
    this.onConnection = onConnection
    return { endpoint: endpoint.text, close: async () => {} }
  }

  protocol(connection: Connection, host: Host): Protocol {
    return zmtpFor(connection, host)
  }

  get last(): Dial {
    return this.dials.at(-1) as Dial
  }
}

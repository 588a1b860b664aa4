// A wire without I/O: sockets of ours meet over it, and attackers come in beside them.
import type { Endpoint } from '../../src/core/endpoint.ts'
import type {
  Connection,
  ConnectionSink,
  Host,
  Listener,
  Protocol,
  Wire,
} from '../../src/core/transport.ts'

type MakeProtocol = (connection: Connection, host: Host) => Protocol

export class MemoryWire implements Wire {
  readonly protocol: MakeProtocol
  readonly #listening = new Map<string, (connection: Connection) => void>()

  constructor(protocol: MakeProtocol) {
    this.protocol = protocol
  }

  async dial({ text }: Endpoint): Promise<Connection> {
    const [here, there] = Link.pair()
    this.arrive(text, there)
    return here
  }

  async listen(
    { text }: Endpoint,
    _host: Host,
    onConnection: (connection: Connection) => void,
  ): Promise<Listener> {
    this.#listening.set(text, onConnection)
    return { endpoint: text, close: async () => void this.#listening.delete(text) }
  }

  /** A connection comes in at a bound endpoint. */
  arrive(endpoint: string, connection: Connection): void {
    const onConnection = this.#listening.get(endpoint)
    if (onConnection === undefined) throw new Error(`nobody is bound to ${endpoint}`)
    onConnection(connection)
  }
}

/** One end of a connection within the process: what is written arrives in a microtask. */
export class Link implements Connection {
  readonly peerAddress = 'memory'
  readonly transfers = false
  readonly idle = false
  /** This end dialled, the other one was listening. */
  dialled = false
  #other!: Link
  #sink: ConnectionSink | undefined
  #over = false
  readonly #early: Uint8Array[] = []

  static pair(): [dialled: Link, listening: Link] {
    const [a, b] = [new Link(), new Link()]
    a.dialled = true
    a.#other = b
    b.#other = a
    return [a, b]
  }

  start(sink: ConnectionSink): void {
    this.#sink = sink
    for (const piece of this.#early) sink.data(piece)
  }

  write(pieces: readonly Uint8Array[]): boolean {
    for (const piece of pieces) queueMicrotask(() => this.#other.#take(piece))
    return true
  }

  #take(piece: Uint8Array): void {
    if (this.#over) return
    if (this.#sink) this.#sink.data(piece)
    else this.#early.push(piece)
  }

  pause(): void {}
  resume(): void {}

  close(): void {
    this.destroy()
  }

  destroy(): void {
    queueMicrotask(() => this.#end())
    queueMicrotask(() => this.#other.#end())
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#sink?.closed()
  }
}

/** A connection whose other side is an attacker: it says what it was given, and reads nothing. */
export class Attacker implements Connection {
  readonly peerAddress = 'attacker'
  readonly transfers = false
  readonly idle = false
  /** What is still to be said, in order. */
  readonly chunks: Uint8Array[]
  over = false
  /** The socket would have no more of it. */
  refused = false
  readonly #room: boolean
  #sink!: ConnectionSink

  constructor(chunks: Uint8Array[], room: boolean) {
    this.chunks = chunks
    this.#room = room
  }

  start(sink: ConnectionSink): void {
    this.#sink = sink
  }

  write(): boolean {
    return this.#room
  }

  pause(): void {}
  resume(): void {}

  /** Says its next chunk, or leaves. True: it is over. */
  step(): boolean {
    const chunk = this.chunks.shift()
    if (this.over) return true
    if (chunk) this.#sink.data(chunk)
    else this.close()
    return this.over
  }

  close(): void {
    if (this.over) return
    this.over = true
    queueMicrotask(() => this.#sink.closed())
  }

  destroy(): void {
    this.refused = true
    this.close()
  }
}

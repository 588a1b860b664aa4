// The contracts between a socket and what carries its messages, and the registry by URL scheme.
//
// A transport's whole duty: it is given the far end of a pipe and must put something on it, now,
// later, and again after every loss. A wire is what a byte transport writes: dial, listen, protocol.

import type { Batch } from './batch.ts'
import type { Endpoint } from './endpoint.ts'
import { ZmqError } from './errors.ts'
import type { SocketEvent } from './events.ts'
import type { Message } from './message.ts'
import type { Options } from './option-types.ts'
import type { PeerInfo, Pipe } from './pipe.ts'
import type { SocketType } from './socket-type.ts'

/** All that a transport may ask of a socket. */
export interface Host {
  readonly socketType: SocketType
  readonly options: Options
  emit(event: SocketEvent): void
  /** Counts accepted messages that will never be delivered. */
  dropped(reason: DropReason, count: number): void
}

/**
 * Why an accepted message was not delivered. `hwm`: its queue was full (PUB, ROUTER). `no-peer`: nobody
 * wanted it or its peer had gone. `unroutable`: ROUTER knows no such routing id. `filtered-by-peer-gone`: its
 * connection ended for good. `linger`: lingering ended. `closed`: the receiver closed before reading
 * it. `conflate`: a newer one took its place. `stale`: a reply nobody waits for. `malformed`: it had
 * not the frames its pattern needs. `detached`: its sender transferred its memory elsewhere before it left.
 */
export type DropReason =
  | 'hwm'
  | 'no-peer'
  | 'unroutable'
  | 'filtered-by-peer-gone'
  | 'linger'
  | 'closed'
  | 'conflate'
  | 'stale'
  | 'malformed'
  | 'detached'

/**
 * Called once per peer that arrived at a bound endpoint. Without an argument it makes a pipe and
 * returns its far end; given the far end of an inproc connecter's pipe, it adopts that.
 */
export type Accept = (adopted?: Pipe) => Pipe

export interface Transport {
  readonly schemes: readonly string[]
  /** Puts a peer on `far`, again after each loss, until `far` is terminated. Throws EINVAL. */
  connect(endpoint: Endpoint, far: Pipe, host: Host): void
  /** Rejects with the reason (EADDRINUSE, EACCES, EINVAL ...) if it cannot listen there. */
  bind(endpoint: Endpoint, accept: Accept, host: Host): Promise<Listener>
}

export interface Listener {
  /** The endpoint as really bound: port and wildcards resolved. */
  readonly endpoint: string
  /** Takes no new peers from now on; those that came keep their connections. */
  close(): Promise<void>
}

/** An open byte stream to a peer. */
export interface Connection {
  /** Whoever uses the connection takes what comes in; nothing comes before. */
  start(sink: ConnectionSink): void
  /** Where the peer is, as far as the platform tells. */
  readonly peerAddress: string
  /** Pieces must own their memory, because writing gives it away. */
  readonly transfers: boolean
  /** Nothing written waits any more: the memory of all pieces may be used again. */
  readonly idle: boolean
  /** Writes the pieces in order. False: hold back until `drain`. */
  write(pieces: readonly Uint8Array[]): boolean
  /** Stop and restart `data`. Bytes under way may still arrive after `pause`. */
  pause(): void
  resume(): void
  /** Asks the peer for a sign of life below the protocol; absent where the platform has none. */
  ping?(): void
  /** Ends the stream after what was written. `closed` follows. */
  close(): void
  /** Ends the stream now. `closed` follows. */
  destroy(): void
}

export interface ConnectionSink {
  /** The chunk is the receiver's to keep: its memory is not used again. */
  data(chunk: Uint8Array): void
  /**
   * Memory in which the next bytes are wanted, where the connection can choose; `data` is then told
   * of them all the same. Undefined: anywhere.
   */
  space?(): Uint8Array | undefined
  /** The peer is alive, although no bytes came (a WebSocket's pong). */
  heard(): void
  /** Some of what `write` holds back for went out. */
  progress?(): void
  /** All of it went out, or enough to write again. */
  drain(): void
  closed(cause?: Error): void
}

/** What a protocol tells while it decodes. */
export interface ProtocolSink {
  /** Where answers of the protocol itself go; written when decoding returns. */
  readonly out: Batch
  /** The handshake is done. False: decode no further until `resume`. */
  handshaken(peer: PeerInfo): boolean
  /** A whole message. False: decode no further until `resume`. */
  message(message: Message): boolean
  /** The peer is to be taken for dead when nothing comes from it for so many ms; 0 = no longer. */
  timeToLive(ms: number): void
}

/** Bytes to messages and back for one connection. Throws ZmqError ERR_ZMTP_* at a bad peer. */
export interface Protocol {
  start(out: Batch): void
  encode(message: Message, out: Batch): void
  decode(chunk: Uint8Array, to: ProtocolSink): void
  /** Goes on with what was left when `message` returned false. */
  resume(to: ProtocolSink): void
  /** As `ConnectionSink.space`. */
  space?(): Uint8Array | undefined
  /** Asks the peer for a sign of life, and tells it how long to wait for ours; absent: the connection does it. */
  ping?(timeToLiveMs: number, out: Batch): void
}

/** What a new byte transport has to write; `wire()` makes a Transport of it. */
export interface Wire {
  dial(endpoint: Endpoint, host: Host, signal: AbortSignal): Promise<Connection>
  listen(
    endpoint: Endpoint,
    host: Host,
    onConnection: (connection: Connection) => void,
  ): Promise<Listener>
  protocol(connection: Connection, host: Host): Protocol
  /** Checks an endpoint, and what its socket's options say about it, without using it. Throws EINVAL. */
  check?(endpoint: Endpoint, host: Host): void
}

const transports = new Map<string, Transport>()

/** Adds a transport for its schemes. Throws EINVAL if a scheme is taken already. */
export function registerTransport(transport: Transport): void {
  const taken = transport.schemes.find((scheme) => transports.has(scheme))
  if (taken) throw new ZmqError('EINVAL', `A transport for ${taken}:// is registered already`)
  for (const scheme of transport.schemes) transports.set(scheme, transport)
}

/** The transport of an endpoint. Throws EPROTONOSUPPORT with the known schemes. */
export function transportFor(endpoint: Endpoint): Transport {
  const transport = transports.get(endpoint.scheme)
  if (transport) return transport
  const known = [...transports.keys()].map((scheme) => `${scheme}://`).join(' ')
  const message = `Protocol not supported: ${endpoint.scheme}:// (known here: ${known || 'none'})`
  throw new ZmqError('EPROTONOSUPPORT', message, { address: endpoint.text })
}

// What the owner of one end of a pipe is told, and what it may know of the peer behind it. Owners
// are sockets, engines, and connecters while they have no engine.

import type { Pipe } from './pipe.ts'
import type { SocketType } from './socket-type.ts'

/** What is known of the peer behind a pipe once its handshake is done. */
export interface PeerInfo {
  readonly socketType: SocketType
  /** The routing id the peer announced; empty when it has none. */
  readonly routingId: Uint8Array
  /** Where the peer is, as far as the transport can tell; the bound endpoint otherwise. */
  readonly address: string
  /** The other properties of its READY command (RFC 37), `X-` ones included. */
  readonly properties: ReadonlyMap<string, string>
}

/** What the owner of an end is told. Called synchronously; must not run user code. */
export interface PipeSink {
  /** The peer finished its handshake; again after each reconnect. */
  ready(pipe: Pipe): void
  /** The peer is gone for now; `ready` follows if it, or another, comes. */
  lost?(pipe: Pipe): void
  /** The end was empty and now has messages. */
  readActivated(pipe: Pipe): void
  /** A write was refused and would now be taken. */
  writeActivated(pipe: Pipe): void
  /**
   * The other end closed and all it wrote was read: the owner lets go of the pipe and closes its
   * own end. `cut` says that lingering is over: stop at once.
   */
  terminated(pipe: Pipe, cut: boolean): void
}

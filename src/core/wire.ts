// Makes a Transport of a Wire: connecters on one side, engines for accepted connections on the
// other. This is all that ipc, tcp, ws and thread ports share above their bytes.

import { Connecter } from './connecter.ts'
import type { Endpoint } from './endpoint.ts'
import { Engine, type EngineOwner } from './engine.ts'
import type { ZmqError } from './errors.ts'
import { handshakeFailed } from './events.ts'
import type { PeerInfo, Pipe } from './pipe.ts'
import type { Accept, DropReason, Host, Listener, Transport, Wire } from './transport.ts'

/** A transport for `schemes` over `wire`; pass the result to `registerTransport`. */
export function wire(schemes: readonly string[], wire: Wire): Transport {
  return {
    schemes,
    connect(endpoint, far, host) {
      wire.check?.(endpoint, host)
      new Connecter(wire, endpoint, far, host)
    },
    bind: (endpoint, accept, host) => listen(wire, endpoint, accept, host),
  }
}

/** Listens on a wire: an engine for each connection, a pipe for each peer that finishes its handshake. */
export async function listen(
  wire: Wire,
  endpoint: Endpoint,
  accept: Accept,
  host: Host,
): Promise<Listener> {
  const newcomers = new Set<Engine>()
  let address = endpoint.text
  let closed = false
  const listener = await wire.listen(endpoint, host, (connection) => {
    if (closed) return connection.destroy() // it was on its way when the listener closed
    host.emit({ type: 'accept', address, peerAddress: connection.peerAddress })
    let engine: Engine | undefined // not yet there if the whole handshake had arrived already
    const owner = new Accepted(accept, host, {
      address: () => address,
      closed: () => closed,
      handshakeOver: () => engine && newcomers.delete(engine),
    })
    const protocol = wire.protocol(connection, host)
    engine = new Engine(connection, protocol, owner, host.options)
    if (!owner.over) newcomers.add(engine)
  })
  address = listener.endpoint
  return {
    endpoint: address,
    async close() {
      closed = true
      for (const engine of newcomers) engine.destroy()
      await listener.close()
    },
  }
}

/** What an accepted connection asks of the listener it came by. */
interface Listening {
  address(): string
  closed(): boolean
  handshakeOver(): void
}

/** An accepted connection: its pipe is made when its handshake is done and goes with it. */
class Accepted implements EngineOwner {
  over = false
  readonly #accept: Accept
  readonly #host: Host
  readonly #listener: Listening

  constructor(accept: Accept, host: Host, listener: Listening) {
    this.#accept = accept
    this.#host = host
    this.#listener = listener
  }

  joined(peer: PeerInfo): Pipe {
    this.over = true
    this.#listener.handshakeOver()
    this.#host.emit({ type: 'handshake', address: this.#listener.address(), peer })
    return this.#accept()
  }

  dropped(reason: DropReason): void {
    this.#host.dropped(reason, 1)
  }

  ended(error: ZmqError | undefined, pipe: Pipe | undefined): void {
    this.over = true
    this.#listener.handshakeOver()
    const address = this.#listener.address()
    if (pipe) {
      const { peer } = pipe.other
      const { unread } = pipe.close()
      if (unread > 0) this.#host.dropped('filtered-by-peer-gone', unread)
      this.#host.emit({ type: 'disconnect', address, error, peer })
    } else if (!this.#listener.closed()) {
      this.#host.emit(handshakeFailed(address, error))
    }
  }
}

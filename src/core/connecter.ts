// The connecting side of a wire: dials, joins an engine to the far end, and dials again after each
// loss, with libzmq's back-off, until the pipe is terminated or the peer broke the protocol.
//
//   dial --ok--> engine --lost--> wait --> dial        dial --refused--> wait --> dial
//                engine --protocol error--> over       pipe terminated anywhere --> over

import { clock, type Timer } from './clock.ts'
import type { Endpoint } from './endpoint.ts'
import { Engine, type EngineOwner } from './engine.ts'
import { asZmqError, type ZmqError } from './errors.ts'
import { handshakeFailed } from './events.ts'
import type { PeerInfo, Pipe, PipeSink } from './pipe.ts'
import type { Connection, DropReason, Host, Wire } from './transport.ts'

export interface ConnecterHooks {
  /** The pipe is given up for good. */
  stopped?(): void
  /** Asked before each new attempt. True: somebody else has the far end now. */
  takenOver?(): boolean
}

export class Connecter implements PipeSink, EngineOwner {
  readonly #wire: Wire
  readonly #endpoint: Endpoint
  readonly #far: Pipe
  readonly #host: Host
  readonly #hooks: ConnecterHooks
  readonly #abort = new AbortController()
  #engine: Engine | undefined
  #retry: Timer | undefined
  #attempts = 0
  #handshaken = false

  constructor(wire: Wire, endpoint: Endpoint, far: Pipe, host: Host, hooks: ConnecterHooks = {}) {
    this.#wire = wire
    this.#endpoint = endpoint
    this.#far = far
    this.#host = host
    this.#hooks = hooks
    far.attach(this) // a far end that was given back may have ended meanwhile
    if (!this.#abort.signal.aborted) this.#dial()
  }

  /** Lets go of the far end for another owner. False: it is joined to a peer. */
  release(): boolean {
    if (this.#engine) return false
    this.#abort.abort()
    this.#retry?.cancel()
    return true
  }

  joined(peer: PeerInfo): Pipe {
    this.#attempts = 0
    this.#handshaken = true
    this.#host.emit({ type: 'handshake', address: this.#endpoint.text, peer })
    return this.#far
  }

  ended(cause: ZmqError | undefined): void {
    this.#engine = undefined
    this.#report(cause)
    this.#far.attach(this)
    this.#lost(cause)
  }

  dropped(reason: DropReason): void {
    this.#host.dropped(reason, 1)
  }

  /** A peer that breaks the protocol would do it again. */
  #lost(cause: ZmqError | undefined): void {
    if (cause?.isProtocolError || this.#far.drained) this.#stop()
    else this.#again(cause)
  }

  // The far end of the pipe while no engine is on it: messages wait there.
  ready(): void {}
  readActivated(): void {}
  writeActivated(): void {}
  terminated(): void {
    this.#stop()
  }

  #dial(): void {
    const address = this.#endpoint.text
    this.#handshaken = false
    this.#host.emit({ type: 'connect:delay', address })
    this.#wire.dial(this.#endpoint, this.#host, this.#abort.signal).then(
      (connection) => this.#connected(connection),
      (error) => {
        if (this.#abort.signal.aborted) return
        const cause = asZmqError(error, `Cannot connect to ${address}`, address)
        this.#host.emit({ type: 'close', address })
        if (cause.isProtocolError) this.#report(cause)
        this.#lost(cause)
      },
    )
  }

  #connected(connection: Connection): void {
    if (this.#abort.signal.aborted) return connection.destroy()
    this.#host.emit({ type: 'connect', address: this.#endpoint.text })
    const protocol = this.#wire.protocol(connection, this.#host)
    this.#engine = new Engine(connection, protocol, this, this.#host.options)
  }

  #again(error: ZmqError | undefined): void {
    if (this.#abort.signal.aborted) return
    if (this.#hooks.takenOver?.()) return
    const interval = this.#nextInterval()
    if (interval < 0) return this.#stop()
    this.#host.emit({ type: 'connect:retry', address: this.#endpoint.text, interval, error })
    this.#retry = clock.after(interval, () => this.#dial())
  }

  /** As libzmq: without a maximum the interval plus a random part of it, else doubling up to it. */
  #nextInterval(): number {
    const { reconnectInterval: base, reconnectMaxInterval: max } = this.#host.options
    if (base <= 0) return -1
    if (max <= base) return base + Math.floor(Math.random() * base)
    return Math.min(base * 2 ** this.#attempts++, max)
  }

  #report(error: ZmqError | undefined): void {
    const address = this.#endpoint.text
    const { peer } = this.#far.other
    if (this.#handshaken) this.#host.emit({ type: 'disconnect', address, error, peer })
    else if (!this.#abort.signal.aborted) this.#host.emit(handshakeFailed(address, error))
  }

  #stop(): void {
    this.#abort.abort()
    this.#retry?.cancel()
    this.#engine?.destroy()
    const { unread } = this.#far.close()
    if (unread > 0) this.#host.dropped('filtered-by-peer-gone', unread)
    this.#hooks.stopped?.()
  }
}

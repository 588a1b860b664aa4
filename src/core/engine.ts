// The engine: one connection joined to the far end of a pipe, through a protocol.
//
//   pipe (far end)  -- read, encode -->  batch  -- write -->  connection
//   pipe (far end)  <- write, decode --  chunk  <-- data ---  connection
//
// It knows neither sockets nor patterns nor which transport it drives. Flushing is adaptive: the
// first message after an idle turn leaves in a microtask, all others when the turn ends.
//
// Inherited: a full pipe stalls it (engine-stall.ts), a silent peer ends it (engine-life.ts).

import type { EngineOptions, EngineOwner } from './engine-owner.ts'
import { StallingEngine } from './engine-stall.ts'
import { asZmqError } from './errors.ts'
import { atEndOfTurn } from './loop.ts'
import { isWhole, type Message } from './message.ts'
import type { PeerInfo, Pipe, PipeSink } from './pipe.ts'
import type { Connection, ConnectionSink, Protocol } from './transport.ts'

export type { EngineOwner } from './engine-owner.ts'

/** Bytes collected before they are written. */
const BATCH_BYTES = 128 * 1024

export class Engine extends StallingEngine implements PipeSink, ConnectionSink {
  readonly #owner: EngineOwner
  #busy = false // wrote in this turn: what follows leaves when the turn ends
  #ending = false // the connection is gone: what it had brought is delivered, room or not
  #finished = false // the pipe has nothing more to send

  constructor(
    connection: Connection,
    protocol: Protocol,
    owner: EngineOwner,
    options: EngineOptions,
  ) {
    super(connection, protocol, options)
    this.#owner = owner
    protocol.start(this.out)
    this.write()
    connection.start(this)
  }

  // --- from the connection -----------------------------------------------------------------

  data(chunk: Uint8Array): void {
    this.heartbeat.heard()
    if (this.stalled) this.hold(chunk)
    else if (this.cause === undefined) this.decode(chunk)
  }

  drain(): void {
    this.congested = false
    this.heartbeat.progress()
    if (this.connection.idle) this.out.sent()
    this.#flush()
  }

  closed(cause?: Error): void {
    this.gone()
    this.#ending = true
    if (this.stalled) this.goOn()
    const address = this.connection.peerAddress
    this.cause ??= cause && asZmqError(cause, `Connection to ${address} lost`, address)
    const pipe = this.pipe
    this.pipe = undefined
    if (pipe) pipe.leave()
    this.#owner.ended(this.cause, pipe)
  }

  // --- from the protocol -------------------------------------------------------------------

  handshaken(peer: PeerInfo): boolean {
    this.alive()
    this.write()
    const pipe = this.#owner.joined(peer)
    this.decodeTo(pipe)
    pipe.attach(this)
    pipe.join(peer)
    return this.goesOn(pipe)
  }

  message(message: Message): boolean {
    const pipe = this.pipe as Pipe
    pipe.force(message) // the protocol goes on only while there is room, or to the bitter end
    return this.#ending || this.goesOn(pipe)
  }

  // --- from the pipe -----------------------------------------------------------------------

  ready(): void {} // the other end is a socket: it has no handshake to finish

  readActivated(): void {
    if (this.#busy) return
    this.#busy = true
    queueMicrotask(() => this.#flush())
    atEndOfTurn(() => this.#turnEnded())
  }

  terminated(_pipe: Pipe, cut: boolean): void {
    if (cut) return this.destroy()
    this.#finished = true
    this.writeActivated()
    this.#flush()
  }

  // -----------------------------------------------------------------------------------------

  /** While messages keep coming, each turn ends with one flush. */
  #turnEnded(): void {
    if (this.pipe && this.pipe.queued > 0 && !this.congested) {
      atEndOfTurn(() => this.#turnEnded())
      this.#flush()
    } else {
      this.#busy = false
    }
  }

  #flush(): void {
    const pipe = this.pipe
    if (pipe === undefined) return
    while (!this.congested) {
      const message = pipe.read()
      if (message === undefined) break
      if (isWhole(message)) this.protocol.encode(message, this.out)
      else this.#owner.dropped('detached')
      if (this.out.bytes >= BATCH_BYTES) this.write()
    }
    this.write()
    if (!this.#finished || pipe.queued > 0) return
    this.heartbeat.stop()
    this.connection.close()
  }

  protected write(): void {
    const { bytes } = this.out
    if (bytes === 0) return
    this.heartbeat.wrote(bytes)
    if (!this.connection.write(this.out.take())) this.congested = true
    if (this.connection.idle) this.out.sent()
  }
}

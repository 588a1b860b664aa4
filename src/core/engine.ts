// The engine: one connection joined to the far end of a pipe, through a protocol.
//
//   pipe (far end)  -- read, encode -->  batch  -- write -->  connection
//   pipe (far end)  <- write, decode --  chunk  <-- data ---  connection
//
// It knows neither sockets nor patterns nor which transport it drives. Flushing is adaptive: the
// first message after an idle turn leaves in a microtask, all others when the turn ends.

import { Batch } from './batch.ts'
import { clock, type Timer } from './clock.ts'
import { asZmqError, ZmqError } from './errors.ts'
import { type Asked, Heartbeat, type HeartbeatOptions, type HeartbeatOwner } from './heartbeat.ts'
import { atEndOfTurn } from './loop.ts'
import type { Message } from './message.ts'
import type { Options } from './option-types.ts'
import type { PeerInfo, Pipe, PipeSink } from './pipe.ts'
import type { Connection, ConnectionSink, Protocol, ProtocolSink } from './transport.ts'

/** Bytes collected before they are written. */
const BATCH_BYTES = 128 * 1024

/** Bytes of messages that wait for a slow reader before the connection is told to pause. */
const RECEIVED_BYTES = 1024 * 1024

/** Who made the engine: a connecter, or the listening side. */
export interface EngineOwner {
  /** The handshake is done: which pipe is it for? Called once. */
  joined(peer: PeerInfo): Pipe
  /** The connection is over. The pipe, if any, was left but not closed. */
  ended(cause: ZmqError | undefined, pipe: Pipe | undefined): void
}

/** The options an engine obeys, as they are when it is made. */
export type EngineOptions = HeartbeatOptions & Pick<Options, 'handshakeInterval'>

export class Engine implements PipeSink, ConnectionSink, ProtocolSink, HeartbeatOwner {
  readonly out: Batch
  readonly #connection: Connection
  readonly #protocol: Protocol
  readonly #owner: EngineOwner
  readonly #heartbeat: Heartbeat
  #handshake: Timer | undefined
  #pipe: Pipe | undefined
  #busy = false // wrote in this turn: what follows leaves when the turn ends
  #congested = false // the connection asked to hold back
  #stalled = false // the pipe is full: the rest of a chunk waits in the protocol
  readonly #held: Uint8Array[] = [] // chunks that arrived although the connection was told to pause
  #ending = false // the connection is gone: what it had brought is delivered, room or not
  #finished = false // the pipe has nothing more to send
  #cause: ZmqError | undefined

  constructor(
    connection: Connection,
    protocol: Protocol,
    owner: EngineOwner,
    options: EngineOptions,
  ) {
    this.#connection = connection
    this.#protocol = protocol
    this.#owner = owner
    this.out = new Batch(connection.transfers)
    this.#heartbeat = new Heartbeat(options, this)
    this.#limitHandshake(options.handshakeInterval)
    protocol.start(this.out)
    this.#write()
    connection.start(this)
  }

  /** Ends the connection at once. */
  destroy(cause?: ZmqError): void {
    this.#cause ??= cause
    this.#heartbeat.stop()
    this.#connection.destroy()
  }

  // --- from the connection -----------------------------------------------------------------

  data(chunk: Uint8Array): void {
    this.#heartbeat.heard()
    if (this.#stalled) this.#held.push(chunk)
    else if (this.#cause === undefined) this.#decode(() => this.#protocol.decode(chunk, this))
  }

  space(): Uint8Array | undefined {
    return this.#stalled ? undefined : this.#protocol.space?.()
  }

  heard(): void {
    this.#heartbeat.heard()
  }

  progress(): void {
    this.#heartbeat.progress()
  }

  drain(): void {
    this.#congested = false
    this.#heartbeat.progress()
    if (this.#connection.idle) this.out.sent()
    this.#flush()
  }

  closed(cause?: Error): void {
    this.#handshake?.cancel()
    this.#heartbeat.stop()
    this.#ending = true
    if (this.#stalled) this.#goOn()
    const address = this.#connection.peerAddress
    this.#cause ??= cause && asZmqError(cause, `Connection to ${address} lost`, address)
    const pipe = this.#pipe
    this.#pipe = undefined
    if (pipe) pipe.leave()
    this.#owner.ended(this.#cause, pipe)
  }

  // --- from the protocol -------------------------------------------------------------------

  handshaken(peer: PeerInfo): boolean {
    this.#handshake?.cancel()
    this.#heartbeat.start()
    this.#write()
    const pipe = this.#owner.joined(peer)
    this.#pipe = pipe
    if (!this.#connection.transfers) pipe.setByteLimit(RECEIVED_BYTES)
    pipe.attach(this)
    pipe.join(peer)
    return this.#goesOn(pipe)
  }

  message(message: Message): boolean {
    const pipe = this.#pipe as Pipe
    pipe.force(message) // the protocol goes on only while there is room, or to the bitter end
    return this.#ending || this.#goesOn(pipe)
  }

  timeToLive(ms: number): void {
    this.#heartbeat.timeToLive(ms)
  }

  /** A full pipe stalls the connection; a closed one does not, so that the peer's end is heard. */
  #goesOn(pipe: Pipe): boolean {
    this.#stalled = !pipe.canWrite() && pipe.open
    return !this.#stalled
  }

  // --- from the pipe -----------------------------------------------------------------------

  ready(): void {} // the other end is a socket: it has no handshake to finish

  readActivated(): void {
    if (this.#busy) return
    this.#busy = true
    queueMicrotask(() => this.#flush())
    atEndOfTurn(() => this.#turnEnded())
  }

  writeActivated(): void {
    if (!this.#stalled) return
    this.#goOn()
    if (this.#stalled) return
    this.#heartbeat.heard() // what the peer said meanwhile is still unread
    this.#connection.resume()
  }

  terminated(_pipe: Pipe, cut: boolean): void {
    if (cut) return this.destroy()
    this.#finished = true
    this.writeActivated()
    this.#flush()
  }

  // --- from the heartbeat ------------------------------------------------------------------

  ping(timeToLiveMs: number): Asked {
    const [protocol, connection] = [this.#protocol, this.#connection]
    if (!protocol.ping && !connection.ping) return 'impossible'
    if (this.#congested) return 'held'
    if (protocol.ping) protocol.ping(timeToLiveMs, this.out)
    else connection.ping?.()
    this.#write()
    return 'sent'
  }

  deaf(): boolean {
    return this.#stalled
  }

  dead(error: ZmqError): void {
    this.destroy(error)
  }

  // -----------------------------------------------------------------------------------------

  /** Decodes what waits since the pipe was full. */
  #goOn(): void {
    this.#stalled = false
    this.#decode(() => this.#protocol.resume(this))
    while (!this.#stalled && this.#held.length > 0) this.data(this.#held.shift() as Uint8Array)
  }

  #decode(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#write() // a peer that learns who it met does not come back to it
      this.destroy(asZmqError(error, 'The peer sent what cannot be decoded'))
      return
    }
    this.#answer()
    if (this.#stalled) this.#connection.pause()
  }

  /**
   * Writes the protocol's own answers. After the handshake these are signs of life, which a peer
   * that is being written to does not need, and one that reads nothing must not pile up.
   */
  #answer(): void {
    if (this.#congested && this.#pipe) this.out.take()
    else this.#write()
  }

  /** While messages keep coming, each turn ends with one flush. */
  #turnEnded(): void {
    if (this.#pipe && this.#pipe.queued > 0 && !this.#congested) {
      atEndOfTurn(() => this.#turnEnded())
      this.#flush()
    } else {
      this.#busy = false
    }
  }

  #flush(): void {
    const pipe = this.#pipe
    if (pipe === undefined) return
    while (!this.#congested) {
      const message = pipe.read()
      if (message === undefined) break
      this.#protocol.encode(message, this.out)
      if (this.out.bytes >= BATCH_BYTES) this.#write()
    }
    this.#write()
    if (!this.#finished || pipe.queued > 0) return
    this.#heartbeat.stop()
    this.#connection.close()
  }

  #write(): void {
    const { bytes } = this.out
    if (bytes === 0) return
    this.#heartbeat.wrote(bytes)
    if (!this.#connection.write(this.out.take())) this.#congested = true
    if (this.#connection.idle) this.out.sent()
  }

  #limitHandshake(ms: number): void {
    const message = `The peer did not finish its handshake in ${ms} ms`
    const late = (): void => this.destroy(new ZmqError('ETIMEDOUT', message))
    if (ms > 0) this.#handshake = clock.after(ms, late)
  }
}

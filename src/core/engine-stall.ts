// What comes in while the pipe is full. The engine stalls: the protocol keeps the rest of its chunk,
// the connection is told to pause, and chunks that arrive all the same are held until there is room.
//
//   pipe  <- full --  protocol, rest of a chunk  <-  held chunks  <-- paused --  connection
//
// A peer that sends what cannot be decoded is done with. Answers of the protocol itself (PONG) leave
// after each step, but do not pile up for a peer that reads nothing.

import { LivingEngine } from './engine-life.ts'
import { asZmqError } from './errors.ts'
import type { Message } from './message.ts'
import type { PeerInfo, Pipe } from './pipe.ts'
import type { ProtocolSink } from './transport.ts'

/** Bytes of messages that wait for a slow reader before the connection is told to pause. */
const RECEIVED_BYTES = 64 * 1024 * 1024

/** The part of an engine that decodes, as fast as its pipe takes messages. */
export abstract class StallingEngine extends LivingEngine implements ProtocolSink {
  protected pipe: Pipe | undefined = undefined
  protected stalled = false // the pipe is full: the rest of a chunk waits in the protocol
  readonly #held: Uint8Array[] = [] // chunks that arrived although the connection was told to pause

  abstract data(chunk: Uint8Array): void
  abstract handshaken(peer: PeerInfo): boolean
  abstract message(message: Message): boolean

  /** Memory for the next bytes. */
  space(): Uint8Array | undefined {
    return this.stalled ? undefined : this.protocol.space?.()
  }

  /** The heartbeat asks; nothing is read while the engine is stalled. */
  deaf(): boolean {
    return this.stalled
  }

  /** The handshake is done: messages go to this pipe from now on. */
  protected decodeTo(pipe: Pipe): void {
    this.pipe = pipe
    if (!this.connection.transfers) pipe.setByteLimit(RECEIVED_BYTES)
  }

  /** The pipe has room again. */
  writeActivated(): void {
    if (!this.stalled) return
    this.goOn()
    if (this.stalled) return
    this.heartbeat.heard() // what the peer said meanwhile is still unread
    this.connection.resume()
  }

  /** A full pipe stalls the connection; a closed one does not, so that the peer's end is heard. */
  protected goesOn(pipe: Pipe): boolean {
    this.stalled = !pipe.canWrite() && pipe.open
    return !this.stalled
  }

  /** Decodes what waits since the pipe was full. */
  protected goOn(): void {
    this.stalled = false
    this.decode(undefined)
    while (!this.stalled && this.#held.length > 0) this.data(this.#held.shift() as Uint8Array)
  }

  protected hold(chunk: Uint8Array): void {
    this.#held.push(chunk)
  }

  /** Decodes a chunk; undefined: the rest of the one before. */
  protected decode(chunk: Uint8Array | undefined): void {
    try {
      if (chunk) this.protocol.decode(chunk, this)
      else this.protocol.resume(this)
    } catch (error) {
      this.write() // a peer that learns who it met does not come back to it
      this.destroy(asZmqError(error, 'The peer sent what cannot be decoded'))
      return
    }
    this.#answer()
    if (this.stalled) this.connection.pause()
  }

  /**
   * Writes the protocol's own answers. After the handshake these are signs of life, which a peer
   * that is being written to does not need, and one that reads nothing must not pile up.
   */
  #answer(): void {
    if (this.congested && this.pipe) this.out.take()
    else this.write()
  }
}

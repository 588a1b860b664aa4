// A Node stream socket (Unix or TCP) as a Connection.
//
// It ends in two steps: this side says that nothing follows, and waits until the peer, having read
// all, says so too. Who goes first while the peer still writes has the system cut the connection off,
// and what is on its way is lost.

import type { Socket } from 'node:net'
import { clock, type Timer } from '../../core/clock.ts'
import type { Connection, ConnectionSink } from '../../core/transport.ts'
import { readInto } from './read-into.ts'
import { ReadMemory } from './read-memory.ts'
import { readOn } from './read-on.ts'

/** Bytes handed to the system at a time: what it takes of a write shows only when it has all of it. */
const SHARE_BYTES = 256 * 1024
/** How long a peer may be silent that does not end its side after `close`: it may be full, or frozen. */
const CLOSE_MS = 2000

export class StreamConnection implements Connection {
  readonly peerAddress: string
  readonly transfers = false
  readonly #socket: Socket
  readonly #waiting: Uint8Array[] = [] // written, beyond the share the system has
  #closing = false
  #mute = false // nothing is written any more: the connection closes, or the peer takes nothing
  #patience: Timer | undefined // while the peer has yet to end its side
  #cause: Error | undefined

  constructor(socket: Socket, peerAddress: string) {
    this.#socket = socket
    this.peerAddress = peerAddress
    socket.unref()
    readOn(socket, () => {
      this.#mute = true
      this.#waiting.length = 0
      if (this.#closing) this.destroy()
    })
    socket.on('error', (error) => {
      this.#cause = error
    })
  }

  get idle(): boolean {
    return this.#waiting.length === 0 && this.#socket.writableLength === 0
  }

  start(sink: ConnectionSink): void {
    const memory = new ReadMemory()
    readInto(
      this.#socket,
      () => memory.next(sink.space?.()),
      (bytes) => sink.data(memory.filled(bytes)),
    )
    this.#socket.on('data', (chunk) => sink.data(chunk))
    this.#socket.on('drain', () => this.#drained(sink))
    const closed = (): void => {
      this.#patience?.cancel()
      sink.closed(this.#cause)
    }
    if (this.#socket.closed) queueMicrotask(closed)
    else this.#socket.on('close', closed)
  }

  write(pieces: readonly Uint8Array[]): boolean {
    if (this.#mute) return false
    const [first] = pieces
    const busy = this.#waiting.length > 0
    if (!busy && first && pieces.length === 1 && first.length <= SHARE_BYTES)
      return this.#socket.write(first)
    for (const piece of pieces)
      for (let at = 0; at < piece.length; at += SHARE_BYTES)
        this.#waiting.push(piece.subarray(at, at + SHARE_BYTES))
    return !busy && this.#handOn()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    if (this.#closing) return
    this.#closing = true
    if (this.#mute) return this.destroy()
    this.#mute = true
    if (this.#waiting.length === 0) this.#finish()
  }

  destroy(): void {
    this.#waiting.length = 0
    this.#socket.destroy()
  }

  /** The system took all it was handed. */
  #drained(sink: ConnectionSink): void {
    if (this.#waiting.length === 0) return sink.drain()
    sink.progress?.()
    const room = this.#handOn()
    if (this.#closing && this.#waiting.length === 0) this.#finish()
    if (room) sink.drain()
  }

  #finish(): void {
    this.#socket.end()
    this.#awaitEnd()
  }

  /** All is with the system by then: it delivers it to a peer that is slow and says nothing, too. */
  #awaitEnd(): void {
    if (this.#socket.destroyed) return
    const { bytesRead } = this.#socket
    this.#patience = clock.after(CLOSE_MS, () => {
      if (this.#socket.bytesRead > bytesRead) this.#awaitEnd()
      else this.destroy()
    })
  }

  /** Hands on a share of what waits. False: 'drain' follows, and always if some of it still waits. */
  #handOn(): boolean {
    const socket = this.#socket
    let room = true
    socket.cork()
    for (let bytes = 0; this.#waiting.length > 0 && (room || bytes < SHARE_BYTES); ) {
      const piece = this.#waiting.shift() as Uint8Array
      bytes += piece.length
      room = socket.write(piece)
    }
    socket.uncork()
    return room
  }
}

// A Node stream socket (Unix or TCP) as a Connection.

import type { Socket } from 'node:net'
import type { Connection, ConnectionSink } from '../../core/transport.ts'
import { readInto } from './read-into.ts'
import { ReadMemory } from './read-memory.ts'

/** Bytes handed to the system at a time: what it takes of a write shows only when it has all of it. */
const SHARE_BYTES = 256 * 1024

export class StreamConnection implements Connection {
  readonly peerAddress: string
  readonly transfers = false
  readonly #socket: Socket
  readonly #waiting: Uint8Array[] = [] // written, beyond the share the system has
  #closing = false
  #cause: Error | undefined

  constructor(socket: Socket, peerAddress: string) {
    this.#socket = socket
    this.peerAddress = peerAddress
    socket.unref()
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
    if (this.#socket.closed) queueMicrotask(() => sink.closed(this.#cause))
    else this.#socket.on('close', () => sink.closed(this.#cause))
  }

  write(pieces: readonly Uint8Array[]): boolean {
    const [first] = pieces
    const busy = this.#waiting.length > 0
    if (!busy && first && pieces.length === 1 && first.byteLength <= SHARE_BYTES)
      return this.#socket.write(first)
    for (const piece of pieces)
      for (let at = 0; at < piece.byteLength; at += SHARE_BYTES)
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
    this.#closing = true
    if (this.#waiting.length === 0) this.#socket.destroySoon()
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
    if (this.#closing && this.#waiting.length === 0) this.#socket.destroySoon()
    if (room) sink.drain()
  }

  /** Hands on a share of what waits. False: 'drain' follows, and always if some of it still waits. */
  #handOn(): boolean {
    const socket = this.#socket
    let room = true
    socket.cork()
    for (let bytes = 0; this.#waiting.length > 0 && (room || bytes < SHARE_BYTES); ) {
      const piece = this.#waiting.shift() as Uint8Array
      bytes += piece.byteLength
      room = socket.write(piece)
    }
    socket.uncork()
    return room
  }
}

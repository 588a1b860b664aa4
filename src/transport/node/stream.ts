// A Node stream socket (Unix or TCP) as a Connection.

import type { Socket } from 'node:net'
import type { Connection, ConnectionSink } from '../../core/transport.ts'

export class StreamConnection implements Connection {
  readonly peerAddress: string
  readonly transfers = false
  readonly #socket: Socket
  #cause: Error | undefined

  constructor(socket: Socket, peerAddress: string) {
    this.#socket = socket
    this.peerAddress = peerAddress
    socket.unref()
    socket.on('error', (error) => {
      this.#cause = error
    })
  }

  start(sink: ConnectionSink): void {
    this.#socket.on('data', (chunk) => sink.data(chunk))
    this.#socket.on('drain', () => sink.drain())
    if (this.#socket.closed) queueMicrotask(() => sink.closed(this.#cause))
    else this.#socket.on('close', () => sink.closed(this.#cause))
  }

  write(pieces: readonly Uint8Array[]): boolean {
    const socket = this.#socket
    if (pieces.length === 1) return socket.write(pieces[0] as Uint8Array)
    socket.cork()
    let room = true
    for (const piece of pieces) room = socket.write(piece)
    socket.uncork()
    return room
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#socket.destroySoon()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

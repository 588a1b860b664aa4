// Waiting for any of several sockets to change, again and again: one pending `changed()` per socket,
// kept until it fires, so that a busy socket leaves nothing behind at a quiet one.

import type { Socket } from '../core/socket.ts'

export class Wakeup {
  readonly #sockets: readonly Socket[]
  readonly #watched = new Set<Socket>()
  readonly #end = new AbortController()
  #wake: () => void = () => {}

  constructor(sockets: Iterable<Socket>) {
    this.#sockets = [...sockets]
  }

  /** Resolves when a socket changes or is closed, and at `wake`. */
  next(): Promise<void> {
    for (const socket of this.#sockets) this.#watch(socket)
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  wake(): void {
    this.#wake()
  }

  /** Lets go of the sockets. */
  end(): void {
    this.#end.abort()
    this.wake()
  }

  #watch(socket: Socket): void {
    if (this.#watched.has(socket)) return
    this.#watched.add(socket)
    const fired = (): void => {
      this.#watched.delete(socket)
      this.wake()
    }
    socket.changed({ signal: this.#end.signal }).then(fired, fired)
  }
}

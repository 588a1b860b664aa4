// Connections that have come in and belong to nobody yet: each has a time limit, and all end with
// their port. A connection keeps its place when it is decrypted: it is known by where it comes from.

import type { Socket } from 'node:net'
import { clock, type Timer } from '../../core/clock.ts'
import { addressOf } from './peer-address.ts'

interface Entry {
  readonly socket: Socket
  readonly limit: Timer | undefined
}

export class Newcomers {
  readonly #entries = new Map<string, Entry>()

  /** `late` is called after `ms` (0 = never), unless the connection is settled before. */
  add(socket: Socket, ms: number, late: () => void): void {
    const key = addressOf(socket)
    if (this.#entries.has(key)) return
    const limit = ms > 0 ? clock.after(ms, late) : undefined
    this.#entries.set(key, { socket, limit })
    socket.on('close', () => this.#remove(key))
  }

  /** Somebody has taken the connection over. */
  settled(socket: Socket): void {
    this.#remove(addressOf(socket))
  }

  destroyAll(): void {
    for (const { socket } of [...this.#entries.values()]) socket.destroy()
  }

  #remove(key: string): void {
    this.#entries.get(key)?.limit?.cancel()
    this.#entries.delete(key)
  }
}

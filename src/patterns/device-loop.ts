// The loop of a device: commands, then messages; then the event loop's turn, or a wait for change if
// there was nothing to do. Ends when it is told to or when a socket is closed.

import { nextTurn } from '../core/loop.ts'
import type { Socket } from '../core/socket.ts'
import type { Direction } from './device-direction.ts'
import { Wakeup } from './device-wakeup.ts'

export class Loop {
  readonly #sockets: ReadonlySet<Socket>
  readonly #directions: readonly Direction[]
  readonly #obey: () => boolean
  readonly #wakeup: Wakeup
  #paused = false
  #stopped = false

  /** `obey` carries out one command and says whether there was one. */
  constructor(sockets: Iterable<Socket>, directions: readonly Direction[], obey: () => boolean) {
    this.#sockets = new Set(sockets)
    this.#directions = directions
    this.#obey = obey
    this.#wakeup = new Wakeup(this.#sockets)
  }

  get oneClosed(): boolean {
    for (const { closed } of this.#sockets) if (closed) return true
    return false
  }

  async run(): Promise<void> {
    try {
      while (this.#goesOn) await this.#round()
    } finally {
      this.#wakeup.end()
      for (const direction of this.#directions) direction.release()
    }
  }

  pause(paused: boolean): void {
    this.#paused = paused
    this.#wakeup.wake()
  }

  stop(): void {
    this.#stopped = true
    this.#wakeup.wake()
  }

  get #goesOn(): boolean {
    return !this.#stopped && !this.oneClosed
  }

  async #round(): Promise<void> {
    while (this.#goesOn && this.#obey());
    if (!this.#goesOn) return
    let moved = 0
    if (!this.#paused) for (const direction of this.#directions) moved += direction.forward()
    if (this.#directions.some(({ spent }) => spent)) {
      await nextTurn()
      for (const direction of this.#directions) direction.refill()
    } else if (moved === 0) await this.#wakeup.next()
  }
}

// Distribution (RFC 29): one message to every matching pipe, at once, waiting for none of them.

import { kept, type Message } from '../core/message.ts'
import type { Pipe } from '../core/pipe.ts'
import { PipeList } from './pipe-list.ts'

export class Distributor {
  readonly #pipes = new PipeList('dist') // marked: match the next message

  attach(pipe: Pipe): void {
    this.#pipes.add(pipe)
  }

  terminated(pipe: Pipe): void {
    this.#pipes.remove(pipe)
  }

  /** The next message goes to this pipe; matching it twice sends once. */
  match(pipe: Pipe): void {
    this.#pipes.mark(pipe)
  }

  /** How many the next message goes to. */
  get matched(): number {
    return this.#pipes.marked
  }

  /** Matches exactly those that do not match now. */
  invert(): void {
    const count = this.#pipes.length
    const others = Array.from({ length: count - this.#pipes.marked }, (_, i) =>
      this.#pipes.at(count - 1 - i),
    )
    this.#pipes.marked = 0
    for (const pipe of others) this.#pipes.mark(pipe)
  }

  /** Whether all that match have room. If not, the matches are forgotten. */
  hasRoom(): boolean {
    let room = true
    for (let i = 0; i < this.#pipes.marked; i++) room = this.#pipes.at(i).canWrite() && room
    if (!room) this.#pipes.marked = 0
    return room
  }

  /**
   * Sends to all that match and forgets the matches. Returns how many had no room and miss it.
   * Receivers share the frames but each has an array of its own.
   */
  send(message: Message): number {
    let missed = 0
    const count = this.#pipes.marked
    const shared = count > 1 ? kept(message) : message
    for (let i = 0; i < count; i++) {
      const own = i === count - 1 ? shared : shared.slice()
      if (!this.#pipes.at(i).write(own)) missed++
    }
    this.#pipes.marked = 0
    return missed
  }
}

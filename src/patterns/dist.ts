// Distribution (RFC 29): one message to every matching pipe, at once, waiting for none of them.

import type { Message } from '../core/message.ts'
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

  /**
   * Sends to all that match and forgets the matches. Returns how many had no room and miss it.
   * Receivers share the frames but each has an array of its own.
   */
  send(message: Message): number {
    let missed = 0
    const count = this.#pipes.marked
    for (let i = 0; i < count; i++) {
      const own = i === count - 1 ? message : message.slice()
      if (!this.#pipes.at(i).write(own)) missed++
    }
    this.#pipes.marked = 0
    return missed
  }
}

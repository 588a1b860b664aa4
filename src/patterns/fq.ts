// Fair queueing (RFC 30): one message from each pipe that has some, in turn.

import type { Message } from '../core/message.ts'
import type { Pipe } from '../core/pipe.ts'
import { PipeList } from './pipe-list.ts'

export class FairQueue {
  /** The pipe that gave the last message. */
  last: Pipe | undefined
  readonly #pipes = new PipeList('fq') // marked: may have messages

  attach(pipe: Pipe): void {
    this.#pipes.add(pipe)
    this.#pipes.mark(pipe)
  }

  /** The pipe has messages again. */
  activated(pipe: Pipe): void {
    this.#pipes.mark(pipe)
  }

  terminated(pipe: Pipe): void {
    this.#pipes.remove(pipe)
    if (this.last === pipe) this.last = undefined
  }

  /** Undefined: no pipe has a message. */
  recv(): Message | undefined {
    for (let pipe = this.#pipes.current; pipe; pipe = this.#pipes.current) {
      const message = pipe.read()
      if (message !== undefined) {
        this.last = pipe
        this.#pipes.advance()
        return message
      }
      this.#pipes.unmark(pipe)
    }
    return undefined
  }

  /** What `recv` would give, left where it is; `last` is then its pipe. */
  peek(): Message | undefined {
    for (let pipe = this.#pipes.current; pipe; pipe = this.#pipes.current) {
      const message = pipe.peek()
      if (message !== undefined) {
        this.last = pipe
        return message
      }
      this.#pipes.unmark(pipe)
    }
    return undefined
  }

  /** Whether a message is there. */
  hasIn(): boolean {
    return this.#pipes.current?.canRead() || this.#pipes.someMarked((pipe) => pipe.canRead())
  }
}

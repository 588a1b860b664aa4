// Load balancing (RFC 30): each message to the next pipe that has room, in order of attachment.

import type { Message } from '../core/message.ts'
import type { Pipe } from '../core/pipe.ts'
import { PipeList } from './pipe-list.ts'

export class LoadBalancer {
  /** The pipe that took the last message. */
  last: Pipe | undefined
  readonly #pipes = new PipeList('lb') // marked: may have room

  attach(pipe: Pipe): void {
    this.#pipes.add(pipe)
    this.#pipes.mark(pipe)
  }

  /** The pipe has room again. */
  activated(pipe: Pipe): void {
    this.#pipes.mark(pipe)
  }

  terminated(pipe: Pipe): void {
    this.#pipes.remove(pipe)
    if (this.last === pipe) this.last = undefined
  }

  /** False: no pipe has room; nothing was taken. */
  send(message: Message): boolean {
    for (let pipe = this.#pipes.current; pipe; pipe = this.#pipes.current) {
      if (pipe.write(message)) {
        this.last = pipe
        this.#pipes.advance()
        return true
      }
      this.#pipes.unmark(pipe)
    }
    return false
  }

  /** Whether a message would be taken. */
  hasOut(): boolean {
    for (let pipe = this.#pipes.current; pipe; pipe = this.#pipes.current) {
      if (pipe.canWrite()) return true
      this.#pipes.unmark(pipe)
    }
    return false
  }
}

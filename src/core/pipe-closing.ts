// How a pipe ends. Each end closes for itself, and what it wrote before stays readable:
//
//   this end                                    other end
//   close()      ->  [ m m m ]  -> read ... empty, or none there  -> its owner is told, once
//   close(cut)   ->  [       ]     given up                       -> its owner is told at once
//
// The owner that is told closes its own end, and the pipe is over.

import { Fifo } from './fifo.ts'
import type { Message } from './message.ts'
import { LimitedPipe } from './pipe-limits.ts'

/** What waits at one end of a pipe, until it is closed or given up. */
export abstract class ClosablePipe extends LimitedPipe {
  abstract override readonly other: ClosablePipe
  protected readonly inbox: Fifo<Message> = new Fifo() // what waits to be read at this end
  protected ended = false // by the other end
  #closed = false // by this end

  /** Tells this end's owner: once, and again if it is cut. */
  protected abstract terminate(cut: boolean): void

  /** Messages that wait to be read at this end. */
  get queued(): number {
    return this.inbox.length
  }

  /** False once either end is closed: nothing can be written any more. */
  get open(): boolean {
    return !this.#closed && !this.ended
  }

  /** The other end closed and all it had written was read. */
  get drained(): boolean {
    return this.ended && this.inbox.length === 0
  }

  /** Gives up what waits to be read at the other end; returns how many messages that were. */
  discard(): number {
    const count = this.other.inbox.length
    this.other.inbox.clear()
    this.window.empty()
    this.unblock()
    return count
  }

  /**
   * This end reads and writes no more. What it wrote stays readable at the other end unless `cut`;
   * a second call with `cut` ends a lingering pipe. Returns how many messages were given up.
   */
  close(cut = false): { unread: number; unsent: number } {
    const unread = this.inbox.length
    const unsent = cut ? this.other.inbox.length : 0
    this.inbox.clear()
    if (cut) this.other.inbox.clear()
    const first = !this.#closed
    this.#closed = true
    if (first || cut) this.other.#end(cut)
    if (first && this.ended) this.terminateSoon()
    return { unread, unsent }
  }

  #end(cut: boolean): void {
    this.ended = true
    if (cut) this.terminate(true)
    else if (this.inbox.length === 0) this.terminateSoon()
  }

  /** In a microtask, so that nobody loses a pipe in the middle of a read or a write. */
  protected terminateSoon(): void {
    queueMicrotask(() => this.terminate(false))
  }
}

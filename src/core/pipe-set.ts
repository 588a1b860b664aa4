// The pipes of one socket: those in use, and those it closed that still have something to deliver.
//
//   add -> in use --close--> lingering --drained, or linger over--> gone
//                 --other end closed and drained------------------> gone

import { clock, type Timer } from './clock.ts'
import type { Pipe } from './pipe.ts'
import type { DropReason } from './transport.ts'

export interface PipeSetOwner {
  /** The pipe is in use no more. */
  letGo(pipe: Pipe): void
  dropped(reason: DropReason, count: number): void
  /** Nothing lingers any more. */
  settled(): void
}

export class PipeSet implements Iterable<Pipe> {
  readonly #owner: PipeSetOwner
  readonly #inUse = new Map<Pipe, Set<Pipe>>() // with those of the same endpoint
  readonly #lingering = new Map<Pipe, Timer | undefined>()

  constructor(owner: PipeSetOwner) {
    this.#owner = owner
  }

  [Symbol.iterator](): Iterator<Pipe> {
    return this.#inUse.keys()
  }

  get lingering(): boolean {
    return this.#lingering.size > 0
  }

  has(pipe: Pipe): boolean {
    return this.#inUse.has(pipe)
  }

  add(pipe: Pipe, siblings: Set<Pipe>): void {
    this.#inUse.set(pipe, siblings)
    siblings.add(pipe)
  }

  /** Closes a pipe: what was queued for its peer is still delivered for up to `linger` ms (-1 = no limit). */
  close(pipe: Pipe, linger: number): void {
    if (pipe.giveBack) {
      this.#letGo(pipe)
      pipe.giveBack()
      return
    }
    this.#lingering.set(
      pipe,
      linger > 0 ? clock.after(linger, () => this.#close(pipe, true)) : undefined,
    )
    this.#letGo(pipe)
    this.#close(pipe, linger === 0)
  }

  /** Closes a pipe at once; its peer is not wanted, so it does not go back to where it came from. */
  refuse(pipe: Pipe): void {
    pipe.giveBack = undefined
    this.close(pipe, 0)
  }

  /** The other end closed, and what it had written was read or given up. */
  terminated(pipe: Pipe): void {
    this.#lingering.get(pipe)?.cancel()
    this.#lingering.delete(pipe)
    this.#letGo(pipe)
    this.#close(pipe, false)
    if (!this.lingering) this.#owner.settled()
  }

  #letGo(pipe: Pipe): void {
    const siblings = this.#inUse.get(pipe)
    if (siblings === undefined) return
    this.#inUse.delete(pipe)
    siblings.delete(pipe)
    this.#owner.letGo(pipe)
  }

  #close(pipe: Pipe, cut: boolean): void {
    const { unread, unsent } = pipe.close(cut)
    this.#owner.dropped('closed', unread)
    this.#owner.dropped('linger', unsent)
  }
}

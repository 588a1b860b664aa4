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
  /** Closes the socket. */
  close(): Promise<void>
}

/** Those that have pipes: a process that ends by itself lets them deliver first. */
const withPipes = new Set<PipeSet>()

/** Closes every socket that has peers, or messages for peers to come; resolves when nothing lingers. */
export async function closeAllSockets(): Promise<void> {
  await Promise.all([...withPipes].map((set) => set.closeOwner()))
}

/** Messages that wait for a peer, in all sockets. */
export function countUnsent(): number {
  let count = 0
  for (const set of withPipes) count += set.unsent
  return count
}

/** When lingering ends; never for a limit of -1. */
interface Limit {
  readonly due: number
  readonly timer: Timer | undefined
}

export class PipeSet implements Iterable<Pipe> {
  readonly #owner: PipeSetOwner
  readonly #inUse = new Map<Pipe, Set<Pipe>>() // with those of the same endpoint
  readonly #lingering = new Map<Pipe, Limit>()

  constructor(owner: PipeSetOwner) {
    this.#owner = owner
  }

  [Symbol.iterator](): Iterator<Pipe> {
    return this.#inUse.keys()
  }

  get lingering(): boolean {
    return this.#lingering.size > 0
  }

  /** Messages that wait at the other ends. */
  get unsent(): number {
    let count = 0
    for (const pipe of [...this.#inUse.keys(), ...this.#lingering.keys()])
      count += pipe.other.queued
    return count
  }

  closeOwner(): Promise<void> {
    return this.#owner.close()
  }

  has(pipe: Pipe): boolean {
    return this.#inUse.has(pipe)
  }

  add(pipe: Pipe, siblings: Set<Pipe>): void {
    this.#inUse.set(pipe, siblings)
    siblings.add(pipe)
    withPipes.add(this)
  }

  /** Closes a pipe: what was queued for its peer is still delivered for up to `linger` ms (-1 = no limit). */
  close(pipe: Pipe, linger: number): void {
    if (pipe.giveBack) {
      this.#letGo(pipe)
      pipe.giveBack()
      return this.#forgetIfEmpty()
    }
    this.#limit(pipe, linger)
    this.#letGo(pipe)
    this.#close(pipe, linger === 0)
  }

  /**
   * Pipes that linger since a disconnect have this long, too, unless their own time ends before.
   * (libzmq leaves them theirs; here a short `linger` set for `close` lets it end.)
   */
  hurry(linger: number): void {
    for (const pipe of [...this.#lingering.keys()]) {
      this.#limit(pipe, linger)
      if (linger === 0) this.#close(pipe, true)
    }
  }

  /** Of two limits the one that ends first holds. */
  #limit(pipe: Pipe, linger: number): void {
    const before = this.#lingering.get(pipe)
    const due = linger < 0 ? Number.POSITIVE_INFINITY : clock.now() + linger
    if (before && before.due <= due) return
    before?.timer?.cancel()
    const timer = linger > 0 ? clock.after(linger, () => this.#close(pipe, true)) : undefined
    this.#lingering.set(pipe, { due, timer })
  }

  /** Closes a pipe at once; its peer is not wanted, so it does not go back to where it came from. */
  refuse(pipe: Pipe): void {
    pipe.giveBack = undefined
    this.close(pipe, 0)
  }

  /** The other end closed, and what it had written was read or given up. */
  terminated(pipe: Pipe): void {
    this.#lingering.get(pipe)?.timer?.cancel()
    this.#lingering.delete(pipe)
    this.#letGo(pipe)
    this.#close(pipe, false)
    this.#forgetIfEmpty()
    if (!this.lingering) this.#owner.settled()
  }

  #forgetIfEmpty(): void {
    if (this.#inUse.size === 0 && !this.lingering) withPipes.delete(this)
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

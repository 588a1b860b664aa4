// What waits under a token until something ends it, or its time is over: each is taken out once.
// The base of continuations. Pure: whoever asks tells what time it is.
import { ZmqError } from '../core/errors.ts'

export interface Pending {
  /** Made by the caller; a random UUID, as whoever knows it can end the wait. */
  readonly token: string
  /** Milliseconds since the epoch, so that it means the same after a restart; 0 = no limit. */
  readonly dueAt: number
}

type Due = { readonly at: number; readonly token: string }

/** Entries by token, in the order in which they were put; the next that is due is found at once. */
export class PendingTable<T extends Pending> {
  readonly #entries = new Map<string, T>()
  #heap: Due[] = [] // a binary heap by time; entries that were taken leave it when met, or when half are such

  get size(): number {
    return this.#entries.size
  }

  /** Throws EINVAL for an empty token, a token that is here, and a time that is no finite number >= 0. */
  put(entry: T): void {
    const { token, dueAt } = entry
    if (typeof token !== 'string' || token === '') {
      throw new ZmqError('EINVAL', 'A wait needs a token: make a random UUID')
    }
    if (this.#entries.has(token)) {
      throw new ZmqError('EINVAL', `Token ${token} waits already: make one for each wait`)
    }
    if (!Number.isFinite(dueAt) || dueAt < 0) {
      throw new ZmqError('EINVAL', `${dueAt} is no time: use ms since the epoch, or 0 for no limit`)
    }
    this.#entries.set(token, entry)
    if (dueAt > 0) this.#push({ at: dueAt, token })
  }

  get(token: string): T | undefined {
    return this.#entries.get(token)
  }

  /** Takes an entry out; undefined if it is not here, or not any more. */
  take(token: string): T | undefined {
    const entry = this.#entries.get(token)
    this.#entries.delete(token)
    if (this.#heap.length > 2 * this.#entries.size + 64) this.#rebuild()
    return entry
  }

  /** Takes all out that are due at `now` (ms since the epoch), the earliest first. */
  takeDue(now: number): T[] {
    const due: T[] = []
    for (let top = this.#heap[0]; top && top.at <= now; top = this.#heap[0]) {
      this.#pop()
      const entry = this.#current(top)
      if (!entry) continue
      due.push(entry)
      this.#entries.delete(top.token)
    }
    return due
  }

  /** Everything that waits, in the order in which it was put. */
  all(): T[] {
    return [...this.#entries.values()]
  }

  /** The entry of a place in the heap; undefined if it was taken meanwhile. */
  #current({ at, token }: Due): T | undefined {
    const entry = this.#entries.get(token)
    return entry?.dueAt === at ? entry : undefined
  }

  #rebuild(): void {
    this.#heap = this.#heap.filter((due) => this.#current(due)).sort((a, b) => a.at - b.at)
  }

  #push(due: Due): void {
    const heap = this.#heap
    let index = heap.length
    while (index > 0) {
      const parent = (index - 1) >> 1
      if ((heap[parent] as Due).at <= due.at) break
      heap[index] = heap[parent] as Due
      index = parent
    }
    heap[index] = due
  }

  #pop(): void {
    const last = this.#heap.pop()
    if (last && this.#heap.length > 0) this.#sink(last)
  }

  #sink(due: Due): void {
    const heap = this.#heap
    let index = 0
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && (heap[child + 1] as Due).at < (heap[child] as Due).at) child++
      if ((heap[child] as Due).at >= due.at) break
      heap[index] = heap[child] as Due
      index = child
    }
    heap[index] = due
  }
}

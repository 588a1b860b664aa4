// A lane: the messages that are with one worker, in the order in which it got them. The worker works
// on one at a time and counts how many it has begun (progress.ts), so that after its death, or while
// it hangs, it is known which message it was at.
//
//   given:  1   2   3   4   5   6
//           |   |   |   at work |      begun = 4
//           finished    |   waiting
//
// Of a worker on another machine nobody knows that count. Its oldest message counts as the one at
// work, and all others as finished: they may have been begun, so at-most-once must not run one of
// them again, and they are not to blame. A worker sends what is done before and after each
// message that was tried before, so that the oldest is the right one the next time.

import { Fifo } from '../../core/fifo.ts'
import type { Progress } from '../worker/progress.ts'
import type { Work } from './work.ts'

/** How far a worker got with a message: `finished` when only its end is missing. */
export type Stage = 'finished' | 'at work' | 'waiting'

/** A message that a dead worker had. */
export interface Left {
  readonly work: Work
  readonly stage: Stage
}

interface Lease {
  readonly work: Work
  /** The how manieth message of this worker it is, from 1. */
  readonly number: number
}

export class Lane {
  readonly worker: string
  readonly progress: Progress
  /** Messages that only this worker may get, once it has room. */
  readonly parked: Fifo<Work> = new Fifo()
  /** Takes new messages. */
  isOpen = true
  /** Messages of this worker that ended. */
  ended = 0
  readonly #leases = new Map<string, Lease>() // in order
  #given = 0
  #again = 0 // leases under an id that another one had when they began
  #watched: Lease | undefined // what the worker was seen to be at, and since when
  #since = 0

  constructor(worker: string, progress: Progress) {
    this.worker = worker
    this.progress = progress
  }

  get load(): number {
    return this.#leases.size
  }

  give(work: Work): void {
    work.isLeased = true
    const number = ++this.#given
    const isAgain = this.#leases.has(work.id) // it was over its time and sent again, and is still here
    this.#leases.set(isAgain ? `${work.id}\0${number}` : work.id, { work, number })
    if (isAgain) this.#again++
  }

  /** What the worker has under this id: the oldest, as it works in order. */
  has(id: string): Work | undefined {
    return this.#find(id)?.[1].work
  }

  /** The worker is done with a message; undefined if it did not have it. */
  release(id: string): Work | undefined {
    const found = this.#find(id)
    if (!found) return undefined
    const [key, lease] = found
    this.#leases.delete(key)
    if (key !== id) this.#again--
    this.ended++
    lease.work.isLeased = false
    return lease.work
  }

  /** Whether the worker was seen to be at one message for longer than its lease; ask now and then. */
  isOverdue(nowMs: number): boolean {
    const lease = this.#current()
    if (lease !== this.#watched) {
      this.#watched = lease
      this.#since = nowMs
    }
    const limit = lease?.work.policy.lease ?? 0
    return limit > 0 && nowMs - this.#since > limit
  }

  /** What a dead worker leaves behind; the lane has it no more. */
  takeAll(): Left[] {
    const begun = this.progress.begun()
    const left = [...this.#leases.values()].map(
      ({ work, number }, i): Left => ({
        work,
        stage: begun === undefined ? guessOf(i) : stageOf(number, begun),
      }),
    )
    this.#leases.clear()
    this.#again = 0
    return left
  }

  #find(id: string): [key: string, lease: Lease] | undefined {
    const lease = this.#leases.get(id)
    if (lease) return [id, lease]
    return this.#again > 0 ? [...this.#leases].find(([, { work }]) => work.id === id) : undefined
  }

  /** The message that the worker is at, or that it ought to begin. */
  #current(): Lease | undefined {
    const begun = this.progress.begun() ?? 0
    let first: Lease | undefined
    for (const lease of this.#leases.values()) {
      if (lease.number >= begun) return lease
      first ??= lease
    }
    return first
  }
}

function stageOf(number: number, begun: number): Stage {
  if (number === begun) return 'at work'
  return number < begun ? 'finished' : 'waiting'
}

/** The `i`th message of a worker whose count is not known. */
function guessOf(i: number): Stage {
  return i === 0 ? 'at work' : 'finished'
}

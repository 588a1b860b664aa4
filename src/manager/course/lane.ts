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
    this.#leases.set(work.id, { work, number: ++this.#given })
  }

  /** The worker is done with a message; undefined if it did not have it. */
  release(id: string): Work | undefined {
    const lease = this.#leases.get(id)
    if (!lease) return undefined
    this.#leases.delete(id)
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
    return left
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

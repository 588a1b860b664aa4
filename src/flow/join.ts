// Joins: parallel groups under way. Each holds what its branches gave until all have ended; one
// failure fails the group at once, and what its other branches give comes too late.
// Pure: does not know sockets, codecs or timers.
//
//   fork(token, branches) --> [ open ] --end of each branch--> [ open ] --end of the last--> resume
//                                      --fail of one | cancel | expire--> fail
import { ZmqError } from '../core/errors.ts'
import type { Header, StepError } from '../topic/envelope.ts'
import type { Values } from './continuations.ts'
import type { Position } from './flow.ts'
import { type Pending, PendingTable } from './pending.ts'
import { canceled, timedOut } from './wait-errors.ts'

/** A message that was forked. */
export interface Fork extends Pending {
  readonly header: Header
  /** What all branches run from. */
  readonly values: Values
  /** Indexes of the group's steps. */
  readonly steps: readonly number[]
  /** Where the message goes on. */
  readonly join: Position
}

/** A fork and what came of it so far. Plain data: a journal can keep it. */
export interface OpenFork extends Fork {
  /** By step; undefined: the branch ended and gave no values. */
  readonly ended: readonly (readonly [step: number, values: Values | undefined])[]
}

/** What to do with a forked message: go on at the join with these values, or fail. */
export type JoinEnd =
  | { readonly do: 'resume'; readonly fork: Fork; readonly values: Values }
  | { readonly do: 'fail'; readonly fork: Fork; readonly error: StepError }

/** All forks of a process. Every token ends once, and every branch counts once. */
export class Joins {
  readonly #table = new PendingTable<OpenFork>()

  get size(): number {
    return this.#table.size
  }

  /** When to call `expire` next, in ms since the epoch; undefined if nothing has a limit. */
  get nextDueAt(): number | undefined {
    return this.#table.nextDueAt
  }

  /**
   * Opens a fork; call it before the first branch is sent. Throws EINVAL for a token that is empty
   * or in use, a time that is none, and steps that are none or come twice.
   */
  fork(fork: Fork): void {
    this.#open({ ...fork, ended: [] })
  }

  /**
   * A branch ended; without values if it was published or had nothing to give. Returns the group's
   * end with the last branch, `open` while others run, and false for what counts no more: the token
   * is unknown or has ended, the step is not in the group or has ended before.
   */
  end(token: string, step: number, values?: Values): JoinEnd | 'open' | false {
    const before = this.#table.get(token)
    if (!before?.steps.includes(step) || before.ended.some(([one]) => one === step)) return false
    const fork: OpenFork = { ...before, ended: [...before.ended, [step, values]] }
    this.#table.replace(fork)
    if (fork.ended.length < fork.steps.length) return 'open'
    this.#table.take(token)
    return { do: 'resume', fork, values: merged(fork) }
  }

  /** A branch failed, and the group with it. False: the group has ended, or never was. */
  fail(token: string, error: StepError): JoinEnd | false {
    return this.#fail(token, () => error)
  }

  /** Fails the group with ECANCELED. False as for `fail`. */
  cancel(token: string): JoinEnd | false {
    return this.#fail(token, canceled)
  }

  /** Fails with ETIMEDOUT what is due at `now` (ms since the epoch), the earliest first. */
  expire(now: number): JoinEnd[] {
    return this.#table.takeDue(now).map((fork) => failed(fork, timedOut))
  }

  /** All open forks, in the order in which they were opened. */
  snapshot(): readonly OpenFork[] {
    return this.#table.all()
  }

  /** Adds what a snapshot holds. Throws as `fork` does; what came before the bad one is in then. */
  restore(snapshot: Iterable<OpenFork>): void {
    for (const fork of snapshot) this.#open(fork)
  }

  #open(fork: OpenFork): void {
    const { steps } = fork
    if (steps.length === 0 || new Set(steps).size < steps.length) {
      throw new ZmqError('EINVAL', `A fork of the steps "${steps}": give each of its steps once`)
    }
    this.#table.put(fork)
  }

  #fail(token: string, error: (step: string) => StepError): JoinEnd | false {
    const fork = this.#table.take(token)
    return fork ? failed(fork, error) : false
  }
}

function failed(fork: OpenFork, error: (step: string) => StepError): JoinEnd {
  return { do: 'fail', fork, error: error(fork.header.key) }
}

// Names are defined, not assigned, so that a value named __proto__ is a value like any other.
function merged({ steps, ended, values }: OpenFork): Values {
  const given = new Map(ended)
  const inOrder = steps.map((step) => given.get(step)).filter((part) => part !== undefined)
  if (inOrder.length === 0) return values
  return Object.fromEntries(inOrder.flatMap((part) => Object.entries(part)))
}

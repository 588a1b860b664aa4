// Joins: parallel groups under way. Each holds what its branches gave until all have ended, or until
// somebody drops it: a branch failed, or its message ended. What its other branches give is too late.
// Pure: does not know sockets, codecs or timers.
//
//   fork(token, steps) --> [ open ] --end of each branch--> [ open ] --end of the last--> joined
//                                   --drop--> nothing
import { ZmqError } from '../core/errors.ts'
import type { Header } from '../topic/envelope.ts'
import type { Values } from './continuations.ts'
import type { Position } from './flow.ts'

/** A message that was forked. */
export interface Fork {
  /** Made by the caller, for this fork alone. */
  readonly token: string
  readonly header: Header
  /** What all branches run from. */
  readonly values: Values
  /** Indexes of the group's steps. */
  readonly steps: readonly number[]
  /** Where the message goes on. */
  readonly join: Position
}

/** A fork whose branches have all ended: its message goes on at the join with these values. */
export interface Joined {
  readonly fork: Fork
  readonly values: Values
}

interface Open {
  readonly fork: Fork
  /** What the branches that ended gave, by step. */
  readonly given: Map<number, Values | undefined>
  /** What came for branches that waited, by step, unless they gave other values after that. */
  readonly answers: Map<number, Values>
}

/** All forks of a process. Every token ends once, and every branch counts once. */
export class Joins {
  readonly #open = new Map<string, Open>()

  /**
   * Opens a fork; call it before the first branch is sent. Throws EINVAL for a token in use, and
   * steps that are none or come twice.
   */
  fork(fork: Fork): void {
    const { token, steps } = fork
    if (steps.length === 0 || new Set(steps).size < steps.length) {
      throw new ZmqError('EINVAL', `A fork of the steps "${steps}": give each of its steps once`)
    }
    if (this.#open.has(token)) {
      throw new ZmqError('EINVAL', `Fork ${token} is open already: make a token for each fork`)
    }
    this.#open.set(token, { fork, given: new Map(), answers: new Map() })
  }

  /** A branch got its answer: laid over the values of all, unless the branch ends with other ones. */
  answered(token: string, step: number, values: Values): void {
    this.#open.get(token)?.answers.set(step, values)
  }

  /**
   * A branch ended; without values if it was published or had nothing to give. Returns the joined
   * fork with the last branch, `open` while others run, and false for what counts no more: the token
   * is unknown or has ended, the step is not in the group or has ended before.
   */
  end(token: string, step: number, values?: Values): Joined | 'open' | false {
    const open = this.#open.get(token)
    if (!open?.fork.steps.includes(step) || open.given.has(step)) return false
    open.given.set(step, values)
    if (values) open.answers.delete(step)
    if (open.given.size < open.fork.steps.length) return 'open'
    this.#open.delete(token)
    return { fork: open.fork, values: merged(open) }
  }

  /** Ends a fork before its branches have ended. Undefined: it has ended, or never was. */
  drop(token: string): Fork | undefined {
    const open = this.#open.get(token)
    this.#open.delete(token)
    return open?.fork
  }
}

// Names are defined, not assigned, so that a value named __proto__ is a value like any other.
function merged({ fork: { steps, values }, given, answers }: Open): Values {
  const parts = steps.map((step) => given.get(step) ?? answers.get(step))
  const inOrder = parts.filter((part) => part !== undefined)
  if (inOrder.length === 0) return values
  const below = answers.size > 0 ? [values] : []
  return Object.fromEntries([...below, ...inOrder].flatMap((part) => Object.entries(part)))
}

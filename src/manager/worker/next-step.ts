// What a handler chose to come after its step, where its flow lets it: an action more for this worker,
// after which the message goes on in the flow as if nothing had been chosen; or `??done`, the end.

import { ZmqError } from '../../core/errors.ts'
import { isDone, type Position } from '../../flow/flow.ts'
import type { Decision, Version } from '../../flow/flow-engine.ts'
import { ActionKey } from '../../topic/action-key.ts'
import type { Header } from '../../topic/envelope.ts'
import type { Program } from '../program/program.ts'

/** Steps that handlers may choose for one message while a worker has it. */
const MOST_CHOSEN = 100

/** The choice of one step. */
export class NextStep {
  readonly #program: Program
  readonly #header: Header
  #chosen: ActionKey | undefined
  #isOver = false

  constructor(program: Program, header: Header) {
    this.#program = program
    this.#header = header
  }

  /** Throws EPERM where nothing can be chosen, or nothing more; EINVAL for what cannot come next. */
  choose(text: string): void {
    const refused = this.#refusal()
    if (refused !== undefined) throw new ZmqError('EPERM', `${text} cannot be chosen: ${refused}`)
    const key = ActionKey.parse(text).with({ flow: this.#header.flow })
    if (!isDone(key) && !isForWorkers(this.#program, key, this.#header)) {
      const advice = 'publish it, or name an action that a mapping knows'
      throw new ZmqError('EINVAL', `${key} cannot be chosen, for no worker runs it: ${advice}`)
    }
    this.#chosen = key
  }

  /** The step is over: what it chose. */
  close(): ActionKey | undefined {
    this.#isOver = true
    return this.#chosen
  }

  #refusal(): string | undefined {
    const { flow, version, fork, isCaught } = this.#header
    if (this.#isOver) return 'its step is over, await what is to be done before'
    if (this.#chosen) return `it chose ${this.#chosen} already`
    if (fork !== undefined) return 'steps that run in parallel have one way to go on'
    if (isCaught) return 'the message failed, and ends after this step'
    if (this.#program.flows.at(flow, version)?.policy.next === 'handler') return undefined
    if (flow === '') return 'a message without a flow ends after its one step'
    return `the flow ${flow} says what comes next, unless it has the line next = handler`
  }
}

/** Whether handlers can have this run here: a mapping knows it, and its decorator says nothing else. */
function isForWorkers(program: Program, key: ActionKey, of: Version): boolean {
  const treatment = program.decorators.get(key.decorator)
  return (treatment === undefined || treatment === 'run') && program.targetOf(key, of) !== undefined
}

/**
 * What to do with a message whose handler chose `key` at `position`, its `count`th choice.
 * Throws ELOOP for more than `MOST_CHOSEN`.
 */
export function chosenStep(key: ActionKey, position: Position, count: number): Decision {
  if (count > MOST_CHOSEN) {
    const reason = `handlers chose ${MOST_CHOSEN} steps before it, probably each other's`
    throw new ZmqError('ELOOP', `${key} is not run: ${reason}`)
  }
  if (isDone(key)) return { do: 'end', key }
  return { do: 'run', key, position }
}

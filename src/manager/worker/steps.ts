// One step of a message: finds the handler that the mapping names, gives it the values and its context,
// and returns what it gave. Knows no sockets.

import { ZmqError } from '../../core/errors.ts'
import type { Message } from '../../core/message.ts'
import { ActionKey } from '../../topic/action-key.ts'
import type { Header } from '../../topic/envelope.ts'
import { bodyOf } from '../codecs.ts'
import { envelope, stepError } from '../messages.ts'
import type { Program } from '../program/program.ts'
import { type HandlerContext, Handlers, type Values } from './handlers.ts'
import { NextStep } from './next-step.ts'

export interface StepsSettings {
  readonly program: Program
  /** The worker's name. */
  readonly worker: string
  /** Resolves when the message is on its way to the Integration Manager. */
  send(message: Message): Promise<void>
}

/** What came of a step. */
export interface StepResult {
  /** Undefined: its handler returned none. */
  readonly values: Values | undefined
  /** What its handler chose to come next, see `chosenStep`. */
  readonly next: ActionKey | undefined
}

/** A handler at work: for a step, or called by another. */
interface Run {
  readonly key: ActionKey
  readonly header: Header
  readonly values: Values
  /** The keys of those that called it, the step first. */
  readonly above: readonly ActionKey[]
  next(key: string): void
}

/** Calls within calls. */
const MOST_NESTED = 32
/** Of an error's code and text, so that a failed message stays small. */
const LONGEST_CODE = 64
const LONGEST_TEXT = 4096

export class Steps {
  readonly #s: StepsSettings
  readonly #handlers = new Handlers()

  constructor(settings: StepsSettings) {
    this.#s = settings
  }

  /** Finds all handlers. Rejects with EINVAL or ENOENT for one that is missing. */
  async load(): Promise<void> {
    for (const { target } of this.#s.program.actions.entries()) await this.#handlers.load(target)
  }

  /**
   * Runs the step `key`, at which the header is. Rejects with ENOENT for a key that no mapping knows,
   * or a StepFailure.
   */
  async run(key: ActionKey, header: Header, given: Values): Promise<StepResult> {
    const choice = new NextStep(this.#s.program, header)
    const next = (text: string): void => choice.choose(text)
    try {
      const values = await this.#handle({ key, header, values: given, above: [], next })
      return { values, next: choice.close() }
    } finally {
      choice.close()
    }
  }

  async #handle(run: Run): Promise<Values | undefined> {
    const target = this.#s.program.targetOf(run.key, run.header)
    if (!target) throw new ZmqError('ENOENT', `No mapping knows ${run.key}`)
    const handler = await this.#handlers.load(target)
    try {
      return (await handler(run.values, this.#contextOf(run))) ?? undefined
    } catch (error) {
      throw new StepFailure(run.key, error)
    }
  }

  #contextOf(run: Run): HandlerContext {
    const { id, flow, version, at, attempt } = run.header
    const timeout = this.#s.program.flows.at(flow, version)?.policy.timeout ?? 0
    return {
      id,
      flow,
      key: run.key.toString(),
      worker: this.#s.worker,
      attempt,
      deadline: timeout > 0 ? at + timeout : undefined,
      publish: (key, values) => this.#publish(run, key, values),
      call: (action, values) => this.#call(run, action, values),
      next: (key) => run.next(key),
    }
  }

  async #publish({ header }: Run, text: string, values: Values): Promise<void> {
    const key = ActionKey.parse(text).with({ flow: header.flow })
    const { fork, ...open } = header // with its token anybody could end the other branches
    await this.#s.send(envelope(key, { ...open, key: `${key}` }, bodyOf(header.format, values)))
  }

  async #call({ key, header, above }: Run, action: string, values: Values): Promise<Values> {
    const callers = [...above, key]
    const called = calledKey(action, key)
    if (callers.length > MOST_NESTED) {
      const way = callers.slice(-3).join(' calls ')
      throw new ZmqError('ELOOP', `${MOST_NESTED} calls within each other: ${way} calls ${called}`)
    }
    const treatment = this.#s.program.decorators.get(called.decorator)
    if (treatment !== undefined && treatment !== 'run')
      throw new ZmqError('EINVAL', `${called} is not for workers to run: publish it`)
    const next = (): never => {
      throw new ZmqError(
        'EPERM',
        `${called} was called: only the handler of a step chooses the next`,
      )
    }
    const own = { ...values }
    return (await this.#handle({ key: called, header, values: own, above: callers, next })) ?? own
  }
}

/** A name alone means the action of this name in the caller's context. */
function calledKey(action: string, { flow, context }: ActionKey): ActionKey {
  if (action.includes('?')) return ActionKey.parse(action).with({ flow })
  return ActionKey.of({ flow, context, action })
}

/** The action key of the step that failed; undefined where it was no handler that did. */
export function stepOf(error: unknown): string | undefined {
  return error instanceof StepFailure ? error.step : undefined
}

/** Carries the step in which a handler threw. */
class StepFailure extends Error {
  readonly code: string
  readonly step: string

  constructor(key: ActionKey, cause: unknown) {
    const { code, message } = stepError(cause, key.toString(), 'EHANDLER')
    const text = message.length > LONGEST_TEXT ? `${message.slice(0, LONGEST_TEXT)}...` : message
    super(`${key}: ${text}`, { cause })
    this.code = code.length > LONGEST_CODE ? 'EHANDLER' : code
    this.step = key.toString()
  }
}

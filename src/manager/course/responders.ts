// Components of this process that answer published steps: `serve(pattern, respond)`.

import { ZmqError } from '../../core/errors.ts'
import { isDone } from '../../flow/flow.ts'
import { ActionKey } from '../../topic/action-key.ts'
import type { Envelope, Header } from '../../topic/envelope.ts'
import { patternOf } from '../pattern.ts'
import type { Values } from '../worker/handlers.ts'

/**
 * Answers a step with the values to go on with; without a return the values stay. What it throws
 * fails the step, with its `code` if it has one.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: as for a handler
export type Respond = (values: Values, message: Envelope) => Values | void | Promise<Values | void>

interface Responder {
  readonly pattern: ActionKey
  readonly respond: Respond
}

export class Responders {
  readonly #all = new Set<Responder>()

  /** Returns what takes it away again. Throws EINVAL for what is no pattern or no function. Of several that match a key the first is asked. */
  add(pattern: ActionKey | string, respond: Respond): () => void {
    if (typeof respond !== 'function')
      throw new ZmqError(
        'EINVAL',
        'serve takes a pattern and a function (values, message) => values',
      )
    const responder = { pattern: patternOf(pattern), respond }
    this.#all.add(responder)
    return () => void this.#all.delete(responder)
  }

  /** Whether somebody answers what was published under the key of this header, which ended its message. */
  answer({ key: text, flow }: Header): boolean {
    if (this.#all.size === 0) return false
    const key = ActionKey.parse(text).with({ flow })
    return !isDone(key) && this.of(key) !== undefined
  }

  /** Who answers a step with this key. */
  of(key: ActionKey): Respond | undefined {
    for (const { pattern, respond } of this.#all) if (key.matches(pattern)) return respond
    return undefined
  }
}

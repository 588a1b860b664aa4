// One step of a message: finds the handler that the mapping names, gives it the values and its context,
// and returns what it gave. Knows no sockets.

import { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import { ActionKey } from '../topic/action-key.ts'
import type { Header } from '../topic/envelope.ts'
import { bodyOf } from './codecs.ts'
import { type HandlerContext, Handlers, type Values } from './handlers.ts'
import { envelope, stepError } from './messages.ts'
import type { Program } from './program.ts'

export interface StepsSettings {
  readonly program: Program
  /** The worker's name. */
  readonly worker: string
  /** Resolves when the message is on its way to the Integration Manager. */
  send(message: Message): Promise<void>
}

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
   * Runs the step `key`, at which the header is. Without a return of its handler the values stay.
   * Rejects with ENOENT for a key that no mapping knows, or a StepFailure.
   */
  async run(key: ActionKey, header: Header, values: Values): Promise<Values> {
    const found = this.#s.program.actions.resolve(key)
    if (!found) throw new ZmqError('ENOENT', `No mapping knows ${key}`)
    const handler = await this.#handlers.load(found.target)
    try {
      return (await handler(values, this.#contextOf(header))) ?? values
    } catch (error) {
      throw new StepFailure(key, error)
    }
  }

  #contextOf(header: Header): HandlerContext {
    const { id, flow, key, format } = header
    return {
      id,
      flow,
      key,
      worker: this.#s.worker,
      publish: (text, values) => {
        const under = ActionKey.parse(text).with({ flow })
        const message = envelope(under, { ...header, key: `${under}` }, bodyOf(format, values))
        return this.#s.send(message)
      },
    }
  }
}

/** Carries the step in which a handler threw. */
class StepFailure extends Error {
  readonly code: string

  constructor(key: ActionKey, cause: unknown) {
    const { code, message } = stepError(cause, key.toString(), 'EHANDLER')
    super(`${key}: ${message}`, { cause })
    this.code = code
  }
}

// Handlers are plain functions. A mapping names them as `./module.ts#name` or `package#name.method`, or
// as DigitalPy does, `folder.module.Class.method`. They are imported once and kept; of a class there
// is one instance, made without arguments. Where a target's module is: handler-module.ts.

import { ZmqError } from '../../core/errors.ts'
import { importUrl } from '../host/typescript.ts'
import { kindOf, type TypedHandler } from '../program/define-handler.ts'
import type { Target } from '../program/program.ts'
import { moduleOf } from './handler-module.ts'

/** What a message carries through its flow. */
export type Values = Record<string, unknown>

export interface HandlerContext {
  /** Made once per message and kept through the whole flow. */
  readonly id: string
  /** Empty for a message without a flow. */
  readonly flow: string
  /** The action key of the step, or of the call. */
  readonly key: string
  /** The worker that runs the step. */
  readonly worker: string
  /** 1, and one more each time a worker had begun the message in vain. */
  readonly attempt: number
  /** When the flow's `timeout` is over, ms since the epoch by the sender's clock; undefined: it has none. */
  readonly deadline: number | undefined
  /**
   * Publishes values under an action key, beside the flow, in the format of the message. Resolves when
   * they are on their way. Rejects with EINVAL for a key that is none or values that the format
   * cannot carry, EMSGSIZE for more than `max_message_size`.
   */
  publish(key: string, values: Values): Promise<void>
  /**
   * Runs another action here, by the mapping, with a shallow copy of these values, and resolves with
   * what it gives. `Sender?Context?Action`; a name alone is an action in the context of this one's key.
   * Rejects with what the handler throws (its `code`, itself as `cause`), ENOENT for an action that
   * no mapping knows, EINVAL for one that is not run by workers, ELOOP for over 32 calls within
   * each other.
   */
  call(action: string, values: Values): Promise<Values>
  /**
   * Has the action `key` run next, by the mapping. After that the message goes on behind this step as if
   * nothing had been chosen; that action may choose again. `??done` ends the message. Once per step,
   * in flows with `next = handler`, not in parallel groups and catch steps: else throws EPERM.
   * Throws EINVAL for a key that no mapping knows. The 101st choice for a message fails it with ELOOP.
   */
  next(key: string): void
}

// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return keeps the values
type Returned = Values | void

/** Takes the values and returns those for the next step; without a return they stay as they are. */
export type Handler = (values: Values, context: HandlerContext) => Returned | Promise<Returned>

export class Handlers {
  readonly #loaded = new Map<string, Promise<Handler>>()
  readonly #instances = new Map<unknown, object>()

  /** The function of a target. Rejects with EINVAL or ENOENT saying what to change in the mapping. */
  load(target: Target): Promise<Handler> {
    const key = `${target.file}\n${target.text}`
    const known = this.#loaded.get(key)
    if (known) return known
    const loading = this.#find(target)
    this.#loaded.set(key, loading)
    return loading
  }

  async #find(target: Target): Promise<Handler> {
    const { url, path } = moduleOf(target)
    return this.#pick(await importModule(url, target), path, target)
  }

  /** Follows `name.method` from the module's exports; methods keep their object. */
  #pick(module: Exports, path: string, target: Target): Handler {
    const names = path.split('.')
    const last = names.pop() as string
    let owner: unknown = module
    for (const name of names) owner = propertyOf(owner, name)
    const found = propertyOf(owner, last)
    if (typeof found === 'function')
      return names.length > 0 ? (found.bind(owner) as Handler) : (found as Handler)
    if (kindOf(found) === 'handler') return (found as TypedHandler).run
    if (isMethod(owner, last)) {
      const instance = this.#instanceOf(owner, target) as Record<string, Handler>
      return (instance[last] as Handler).bind(instance)
    }
    const exports = Object.keys(module).join(', ') || 'nothing'
    throw new ZmqError(
      'ENOENT',
      `${target.file}: '${target.text}' is no function (the module exports ${exports})`,
    )
  }

  #instanceOf(type: Constructor, target: Target): object {
    const known = this.#instances.get(type)
    if (known) return known
    try {
      const made = new type()
      this.#instances.set(type, made)
      return made
    } catch (error) {
      const reason = `its class cannot be made without arguments: ${(error as Error).message}`
      throw new ZmqError('EINVAL', `${target.file}: '${target.text}': ${reason}`, { cause: error })
    }
  }
}

type Exports = Record<string, unknown>
type Constructor = new () => object

async function importModule(url: string, target: Target): Promise<Exports> {
  try {
    return await importUrl(url)
  } catch (error) {
    const reason = (error as Error).message
    throw new ZmqError('ENOENT', `${target.file}: cannot import '${target.text}': ${reason}`, {
      cause: error,
    })
  }
}

function propertyOf(owner: unknown, name: string): unknown {
  return (owner as Exports | undefined | null)?.[name]
}

function isMethod(owner: unknown, name: string): owner is Constructor {
  return typeof owner === 'function' && typeof propertyOf(owner.prototype, name) === 'function'
}

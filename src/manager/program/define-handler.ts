// Handlers registered in code: a function, the action key that it serves and, if wanted, schemas of what
// it takes and gives. Workers import the module that exports them (modules.ts).

import { ZmqError } from '../../core/errors.ts'
import { ActionKey } from '../../topic/action-key.ts'
import type { Handler, HandlerContext, Values } from '../worker/handlers.ts'
import { type InputOf, type OutputOf, type StandardSchema, validated } from './standard-schema.ts'

/** By which definitions are known among a module's exports, also those of another copy of this package. */
export const DEFINED: unique symbol = Symbol.for('zmanager.defined')

/** A handler that takes values of `In` and gives values of `Out`. Frozen. */
export interface TypedHandler<In = unknown, Out = unknown> {
  readonly [DEFINED]: 'handler'
  /** Text of the action key that it serves, as in a mapping. */
  readonly key: string
  /** Checks the input, handles, checks the output. */
  readonly run: Handler
  /** Never there at run time. */
  readonly types?: { readonly input: In; readonly output: Out }
}

type Schema = StandardSchema | undefined
type Or<S extends Schema, Else, Side extends 'in' | 'out'> = S extends StandardSchema
  ? Side extends 'in'
    ? InputOf<S>
    : OutputOf<S>
  : Else
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return keeps the values
type Returned = object | void
/** What goes on: the values that were taken in, where nothing is returned. */
type Kept<In, R> = [R] extends [object] ? R : In | Extract<R, object>

/**
 * A handler of the actions that `key` is a pattern for, as in a mapping. Values that do not fit the schema
 * `input` fail the step with EINVAL, before the handler sees them; what it gives and does not fit `output`
 * fails it with EHANDLER. What the schemas make of the values is what goes on. Without a return the
 * values that the handler was given go on. Throws EINVAL for a key or a schema that is none.
 */
export function defineHandler<In extends object = Values, R extends Returned = Returned>(
  key: string,
  handle: (values: In, context: HandlerContext) => R | Promise<R>,
): TypedHandler<In, Kept<In, R>>
export function defineHandler<
  I extends Schema = undefined,
  O extends Schema = undefined,
  R extends Or<O, Returned, 'in'> = Or<O, Returned, 'in'>,
>(
  key: string,
  schemas: { readonly input?: I; readonly output?: O },
  handle: (values: Or<I, Values, 'out'>, context: HandlerContext) => R | Promise<R>,
): TypedHandler<Or<I, Values, 'in'>, Or<O, Kept<Or<I, Values, 'out'>, R>, 'out'>>
export function defineHandler(
  key: string,
  ...rest: [handle: unknown] | [schemas: Schemas, handle: unknown]
): TypedHandler {
  const [schemas, handle] = rest.length === 1 ? [{}, rest[0]] : rest
  assertKey(key)
  if (typeof handle !== 'function')
    throw new ZmqError('EINVAL', `The handler of ${key} is a function (values, context) => values`)
  assertSchemas(key, schemas)
  const run = checking(schemas, handle as Handler)
  return Object.freeze({ [DEFINED]: 'handler' as const, key, run })
}

/** Whether something is a handler or flow that was defined in code. */
export function kindOf(value: unknown): 'handler' | 'flow' | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  return (value as { readonly [DEFINED]?: 'handler' | 'flow' })[DEFINED]
}

interface Schemas {
  readonly input?: Schema
  readonly output?: Schema
}

function checking({ input, output }: Schemas, handle: Handler): Handler {
  if (!input && !output) return handle
  return async (values, context) => {
    const given = input ? ((await validated(input, values, 'input', 'EINVAL')) as Values) : values
    const returned = (await handle(given, context)) ?? given
    if (!output) return returned
    return (await validated(output, returned, 'output', 'EHANDLER')) as Values
  }
}

function assertSchemas(key: string, schemas: Schemas): void {
  for (const [name, schema] of Object.entries(schemas)) {
    if (name !== 'input' && name !== 'output')
      throw new ZmqError('EINVAL', `The schemas of ${key} are input and output, not ${name}`)
    if (schema !== undefined && typeof schema?.['~standard']?.validate !== 'function')
      throw new ZmqError(
        'EINVAL',
        `The ${name} of ${key} is no schema: give one of a library that speaks Standard Schema (zod, valibot, arktype)`,
      )
  }
}

function assertKey(key: string): void {
  if (`${ActionKey.parse(key)}` === key) return
  throw new ZmqError(
    'EINVAL',
    `${JSON.stringify(key)} is more than an action key: leave out the rest`,
  )
}

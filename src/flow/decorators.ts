// Decorators: what the word after `@` in a key means for a step, as a table. A decorator in the
// table settles a step before any mapping is asked; any other only makes a key more specific.
import { ZmqError } from '../core/errors.ts'
import { ActionKey } from '../topic/action-key.ts'

/**
 * `run`: a worker runs the step. `publish`: subscribers get it under the step's topic. `wait`:
 * nothing is sent until someone resumes the message here. `control`: for the workers themselves;
 * the Integration Manager publishes it, and no handler ever gets it.
 */
export type Treatment = 'run' | 'publish' | 'wait' | 'control'

/** Treatments by decorator. Never changed: `defineDecorator` makes a new table. */
export type Decorators = ReadonlyMap<string, Treatment>

/** The decorators that every table has. */
export const DECORATORS: Decorators = new Map<string, Treatment>([
  ['PUBLISH', 'publish'],
  ['ASYNC', 'wait'],
  ['ROUTING_WORKER', 'control'],
])

const TREATMENTS: readonly unknown[] = ['run', 'publish', 'wait', 'control']

/**
 * A table with one decorator more. Names are case-sensitive, as in keys. Throws EINVAL for a name
 * that is empty or that no key can carry, one that the table has, and an unknown treatment.
 */
export function defineDecorator(
  name: string,
  treatment: Treatment,
  table: Decorators = DECORATORS,
): Decorators {
  ActionKey.of({ decorator: name })
  if (name === '') throw new ZmqError('EINVAL', 'A decorator needs a name: the empty one is none')
  if (table.has(name)) {
    throw new ZmqError('EINVAL', `There is a decorator ${name} already: use another name`)
  }
  if (TREATMENTS.includes(treatment)) return new Map([...table, [name, treatment]])
  const known = TREATMENTS.join(', ')
  throw new ZmqError('EINVAL', `No treatment "${treatment}" for ${name}: use one of ${known}`)
}

/**
 * The table of `DECORATORS` and those that a text names, as `NOTIFY publish, SLOW run`. Throws EINVAL
 * as `defineDecorator` does, and for a part that is not a name and a treatment.
 */
export function readDecorators(text: string): Decorators {
  const parts = text.split(',').map((part) => part.trim())
  return parts
    .filter((part) => part !== '')
    .reduce((table, part) => {
      const [name = '', treatment, ...more] = part.split(/\s+/)
      if (treatment === undefined || more.length > 0)
        throw new ZmqError('EINVAL', `"${part}" is no decorator: write its name and its treatment`)
      return defineDecorator(name, treatment as Treatment, table)
    }, DECORATORS)
}

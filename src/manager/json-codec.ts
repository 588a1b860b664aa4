// Values as JSON, in UTF-8. What JSON would change in silence is refused; what it has a way for is not:
// dates become ISO text, names without a value are left out, -0 is 0, and objects with `toJSON` are what
// that says.

import { ZmqError } from '../core/errors.ts'
import { DEEPEST, hasToJson, kindOf, misfitIn } from '../core/misfit.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Throws EINVAL naming the path to what JSON cannot carry: big integers, NaN and infinities, bytes,
 * maps, sets and other objects that are not their names, functions, symbols, `undefined` in an
 * array, dates that are none, and what is inside itself or nested over 1000 deep.
 */
export function writeJson(value: unknown): Uint8Array {
  const wrong = misfitIn(value, unfit)
  if (wrong) throw new ZmqError('EINVAL', `JSON ${wrong}`)
  return encoder.encode(JSON.stringify(value))
}

/**
 * Throws EINVAL for bytes that are no JSON in UTF-8. `__proto__` is a name as any other. Numbers are
 * doubles: whole ones over 2^53 lose digits.
 */
export function readJson(body: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(decoder.decode(body))
    if (!isDeep(value, 0)) return value
    throw new Error(`it has more than ${DEEPEST} levels`)
  } catch (error) {
    const reason = (error as Error).message
    throw new ZmqError('EINVAL', `The body is no JSON: ${reason}`, { cause: error })
  }
}

function isDeep(value: unknown, level: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return level === DEEPEST || Object.values(value).some((inner) => isDeep(inner, level + 1))
}

/** Names what JSON has no way for; undefined for what it has, as far as can be seen from outside. */
function unfit(value: unknown): string | undefined {
  switch (typeof value) {
    case 'bigint':
      return `the big integer ${value}n`
    case 'number':
      return Number.isFinite(value) ? undefined : String(value)
    case 'function':
    case 'symbol':
    case 'undefined':
      return `${typeof value}`
    case 'object':
      return value === null ? undefined : unfitObject(value)
    default:
      return undefined
  }
}

function unfitObject(value: object): string | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid date' : undefined
  const kind = kindOf(value)
  if (ArrayBuffer.isView(value)) return `bytes (${kind})`
  if (kind === 'Object' || kind === 'Array') return undefined
  return hasToJson(value) ? undefined : `a ${kind}`
}

// How the values of a message become its body: a codec by the name that the header's `format` has.
// Nothing that is read runs code.

import { ZmqError } from '../core/errors.ts'
import { DEFAULT_POLICY, FORMATS, type Format } from '../flow/policy.ts'
import type { Envelope } from '../topic/envelope.ts'
import { decodeValue, encodeValue } from '../wire/value.ts'
import { readJson, writeJson } from './json-codec.ts'
import type { Values } from './worker/handlers.ts'

/** The format of messages whose flow names none. */
export const FORMAT: Format = DEFAULT_POLICY.format

interface Codec {
  readonly write: (values: Values) => Uint8Array
  readonly read: (body: Uint8Array) => unknown
}

const CODECS: ReadonlyMap<string, Codec> = new Map<Format, Codec>([
  ['msgpack', { write: encodeValue, read: decodeValue }],
  ['json', { write: writeJson, read: readJson }],
  ['raw', { write: bytesOf, read: (body) => ({ body }) }],
])

/**
 * The body of values; `raw` is exactly the bytes of `{ body }`, not copied. Throws EINVAL for what is
 * no object of values or what the format cannot carry, saying where it is, and for an unknown format.
 */
export function bodyOf(format: string, values: Values): Uint8Array {
  assertValues(values)
  return codecOf(format).write(values)
}

/** Throws EINVAL for what is no object of values. */
export function assertValues(values: Values): void {
  if (isValues(values)) return
  throw new ZmqError('EINVAL', `Values are an object with names, not ${nameOf(values)}`)
}

/**
 * The values of a body; of `raw` they are `{ body }`, its bytes, not copied. Throws EINVAL for a body
 * that is no object of values in its format, or a format that is unknown.
 */
export function valuesOf({ header, body }: Pick<Envelope, 'header' | 'body'>): Values {
  const value = codecOf(header.format).read(body)
  if (isValues(value)) return value
  throw new ZmqError('EINVAL', `The body of a message is an object of values, not ${nameOf(value)}`)
}

function codecOf(format: string): Codec {
  const codec = CODECS.get(format)
  if (codec) return codec
  const known = FORMATS.join(', ')
  throw new ZmqError('EINVAL', `No codec for the format '${format}' (there are ${known})`)
}

/** Objects of classes are values too: their fields are. */
function isValues(value: unknown): value is Values {
  return Object.prototype.toString.call(value) === '[object Object]'
}

function nameOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1).toLowerCase()
}

function bytesOf(values: Values): Uint8Array {
  const { body } = values
  if (body instanceof Uint8Array && Object.keys(values).length === 1) return body
  const names = Object.keys(values).join(', ') || 'nothing'
  const advice = 'give { body: Uint8Array } and nothing else, or name another format in the flow'
  throw new ZmqError('EINVAL', `A raw message is bytes, and these values have ${names}: ${advice}`)
}

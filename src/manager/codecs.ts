// How the values of a message become its body: a codec by the name that the header's `format` has.

import { ZmqError } from '../core/errors.ts'
import type { Envelope } from '../topic/envelope.ts'
import { decodeValue, encodeValue } from '../wire/value.ts'
import type { Values } from './handlers.ts'

/** The format of messages whose flow names none. */
export const FORMAT = 'msgpack'

/** Throws EINVAL for values that the format cannot carry, or a format that is unknown. */
export function bodyOf(format: string, values: Values): Uint8Array {
  assertKnown(format)
  return encodeValue(values)
}

/** Throws EINVAL for a body that is no object of values in its format, or a format that is unknown. */
export function valuesOf({ header, body }: Pick<Envelope, 'header' | 'body'>): Values {
  assertKnown(header.format)
  const value = decodeValue(body)
  if (typeof value === 'object' && value !== null) return value as Values
  throw new ZmqError('EINVAL', 'The body of a message is an object of values')
}

function assertKnown(format: string): void {
  if (format === FORMAT) return
  throw new ZmqError('EINVAL', `No codec for the format '${format}' (there is ${FORMAT})`)
}

// `max_message_size`: how large a frame may be that a ZManager takes in or sends on.

import { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'

/** Nothing works with less: a header alone, and a handshake, are some hundred bytes. */
const LEAST = 4096
/** What the ZManager itself may add to a header on its way, an error's text above all. */
const OWN_BYTES = 65_536

/** `maxMessageSize` of a socket to which anybody may send. Throws EINVAL for a limit under 4096 bytes. */
export function outerLimit(max = 0): number {
  if (max === 0) return -1
  if (Number.isSafeInteger(max) && max >= LEAST) return max
  throw new ZmqError(
    'EINVAL',
    `max_message_size is 0 (no limit) or bytes from ${LEAST}, not ${max}`,
  )
}

/** The same where messages come to that were taken in: they have grown a little. */
export function innerLimit(max = 0): number {
  return max === 0 ? -1 : outerLimit(max) + OWN_BYTES
}

/** The message. Throws EMSGSIZE when it has a frame of more than `max` bytes; 0 = no limit. */
export function fitting(message: Message, max = 0): Message {
  if (max === 0) return message
  const largest = Math.max(...message.map(({ length }) => length))
  if (largest <= max) return message
  const advice = 'send less, or raise max_message_size'
  throw new ZmqError('EMSGSIZE', `A message of ${largest} bytes is over ${max}: ${advice}`)
}

// Groups of RADIO and DISH (RFC 48): names compared whole. A DISH tells what it joins as a SUB tells its
// prefixes (subscription.ts); a message in a pipe is [group, frame].

import { ZmqError } from '../core/errors.ts'
import { toFrame } from '../core/message.ts'

/** The name of a group: text (as UTF-8) or bytes, up to 255. */
export type Group = string | Uint8Array

/** ZMQ_GROUP_MAX_LENGTH, bytes. */
const LONGEST_GROUP = 255

/** Throws EINVAL for what cannot be the name of a group. */
export function groupFrame(group: Group | undefined): Uint8Array {
  if (typeof group !== 'string' && !(group instanceof Uint8Array))
    throw new ZmqError('EINVAL', `A group must be a text or bytes, not ${typeof group}`)
  const frame = toFrame(group)
  if (frame.byteLength <= LONGEST_GROUP) return frame
  const text = `The name of a group has up to ${LONGEST_GROUP} bytes, not ${frame.byteLength}`
  throw new ZmqError('EINVAL', text)
}

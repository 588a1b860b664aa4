// A dead letter as the frames of a message, for a journal: [header JSON][body][why, when and how often
// as JSON]. Must not know where they are kept.

import { ZmqError } from '../../core/errors.ts'
import { EMPTY_FRAME, type Message, textFrame } from '../../core/message.ts'
import { decodeEnvelope, type StepError } from '../../topic/envelope.ts'
import type { KeptLetter } from '../dead-letters.ts'

export function letterFrames({ letter: { header, ...rest }, body }: KeptLetter): Message {
  return [textFrame(JSON.stringify(header)), body, textFrame(JSON.stringify(rest))]
}

/** Throws EINVAL for frames that are no letter. */
export function letterOf(message: Message): KeptLetter {
  const [top, body, rest] = message
  if (!top || !body || !rest) throw new ZmqError('EINVAL', `A letter of ${message.length} frames`)
  const { error, at, times } = JSON.parse(new TextDecoder().decode(rest))
  const { header } = decodeEnvelope([EMPTY_FRAME, top, body])
  const letter = { header, error: checked(error), at: Number(at), times: Number(times) }
  return { letter, body }
}

function checked(error: unknown): StepError {
  const { code, step, message, retryable } = Object(error)
  if ([code, step, message].some((text) => typeof text !== 'string'))
    throw new ZmqError('EINVAL', 'A letter that does not say why it is here')
  return { code, step, message, retryable: retryable === true }
}

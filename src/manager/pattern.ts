// What callers give as a pattern of keys.

import { ZmqError } from '../core/errors.ts'
import { ActionKey } from '../topic/action-key.ts'

/** A key, or the text of one. Throws EINVAL for anything else. */
export function patternOf(pattern: ActionKey | string): ActionKey {
  if (typeof pattern === 'string') return ActionKey.parse(pattern)
  if (pattern instanceof ActionKey) return pattern
  throw new ZmqError(
    'EINVAL',
    'A pattern is an ActionKey or its text, Sender?Context@Decorator?Action',
  )
}

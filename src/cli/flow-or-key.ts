// One word of a command line that names a flow, or, with a `?` in it, an action key.

import { ActionKey, ZmqError } from '../index.ts'

/** Throws EINVAL for what is neither. */
export function flowOrKey(text: string): ActionKey {
  if (!text.includes('?')) return ActionKey.of({ flow: text })
  const key = ActionKey.parse(text)
  if (key.toString() === text) return key
  throw new ZmqError('EINVAL', `'${text}' is more than an action key: leave it at '${key}'`)
}

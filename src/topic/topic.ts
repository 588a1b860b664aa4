// Topics: how a key is written on the wire so that subscribers can filter by prefix.
// `flow~decorator~sender~context~action~`: the last field is ended like the others, so `done`
// never receives `done2`. Must not know messages or sockets. Source: DigitalPy's topic order.
import { ZmqError } from '../core/errors.ts'
import { ActionKey } from './action-key.ts'

const DELIMITER = '~'
const ORDER = ['flow', 'decorator', 'sender', 'context', 'action'] as const

/** The topic of exactly this key; as a subscription it receives this key and no other. */
export function topicOf(key: ActionKey): string {
  return ORDER.map((name) => key[name] + DELIMITER).join('')
}

/**
 * The longest prefix that all topics matching the pattern share: its fields up to the first
 * empty one. It may let other keys through: filter on receipt with `matches`.
 */
export function prefixOf(pattern: ActionKey): string {
  const wild = ORDER.findIndex((name) => pattern[name] === '')
  const exact = wild < 0 ? ORDER : ORDER.slice(0, wild)
  return exact.map((name) => pattern[name] + DELIMITER).join('')
}

/** The key that `topicOf` wrote. Throws EINVAL for a text that is not a whole topic. */
export function topicKey(topic: string): ActionKey {
  const [flow, decorator, sender, context, action, end, ...more] = topic.split(DELIMITER)
  if (end !== '' || more.length > 0) {
    const start = JSON.stringify(topic.slice(0, 80))
    throw new ZmqError('EINVAL', `${start} is not a topic: end each of the 5 fields with "~"`)
  }
  return ActionKey.of({ flow, decorator, sender, context, action })
}

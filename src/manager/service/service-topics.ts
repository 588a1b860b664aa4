// The topics of a service: which keys it listens to, and which messages these mean. Two keys are the same
// when all their fields are. Knows no sockets.

import { ZmqError } from '../../core/errors.ts'
import { ActionKey, type KeyFields } from '../../topic/action-key.ts'
import { prefixOf, topicKey, topicOf } from '../../topic/topic.ts'

/** The topic of a flow's done end. */
export function doneKey(flow: string): ActionKey {
  return ActionKey.of({ flow, action: 'done' })
}

/** What to subscribe to for a key. The end of a flow is exactly that; in others empty fields match any. */
export function subscriptionOf(key: ActionKey): string {
  return isEnd(key) ? topicOf(key) : prefixOf(key)
}

/**
 * A key as it is sent: text (`Sender?Context@Decorator?Action`, or JSON of an object), or an object of
 * some of `flow`, `decorator`, `sender`, `context` and `action`; DigitalPy's `config` and `source` mean
 * flow and sender. Throws EINVAL for anything else, and for a key that would match everything.
 */
export function keyFrom(given: unknown): ActionKey {
  const key = typeof given === 'string' ? keyFromText(given) : keyFromObject(given)
  if (Object.values(fieldsOf(key)).some((field) => field !== '')) return key
  throw new ZmqError('EINVAL', 'A topic needs at least one field: name its flow or its action')
}

/** As it is sent. */
export function fieldsOf({ flow, decorator, sender, context, action }: ActionKey): KeyFields {
  return { flow, decorator, sender, context, action }
}

export class Topics {
  #keys: ActionKey[] = []

  get keys(): readonly ActionKey[] {
    return this.#keys
  }

  /** False if it is there. */
  add(key: ActionKey): boolean {
    if (this.#keys.some((one) => one.equals(key))) return false
    this.#keys.push(key)
    return true
  }

  /** Takes exactly this key away; false if it is not there. */
  remove(key: ActionKey): boolean {
    const before = this.#keys.length
    this.#keys = this.#keys.filter((one) => !one.equals(key))
    return this.#keys.length < before
  }

  /** Whether what was published under this topic is for the service. */
  accepts(topic: string): boolean {
    const published = readTopic(topic)
    if (!published) return false
    return this.#keys.some((key) => {
      if (isEnd(key)) return published.equals(key)
      return published.matches(key) && (key.flow !== '' || !isOfCommands(published))
    })
  }
}

/** Commands to services, and replies to these: a key that names no flow does not mean them. */
function isOfCommands({ flow, action }: ActionKey): boolean {
  if (action === 'ServiceCommand') return flow.startsWith('command_')
  return action === 'done' && flow === 'completed_command'
}

function isEnd({ flow, decorator, sender, context, action }: ActionKey): boolean {
  if (action !== 'done' && action !== 'failed') return false
  return flow !== '' && decorator === '' && sender === '' && context === ''
}

function readTopic(topic: string): ActionKey | undefined {
  try {
    return topicKey(topic)
  } catch {
    return undefined // no topic of ours
  }
}

function keyFromText(text: string): ActionKey {
  if (!text.trimStart().startsWith('{')) return ActionKey.parse(text)
  try {
    return keyFromObject(JSON.parse(text))
  } catch (cause) {
    if (cause instanceof ZmqError) throw cause
    throw new ZmqError('EINVAL', 'The topic is not JSON: give an object of its fields', { cause })
  }
}

const NAMES = ['flow', 'decorator', 'sender', 'context', 'action', 'config', 'source']

function keyFromObject(given: unknown): ActionKey {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new ZmqError('EINVAL', 'A topic is a key: give text or an object of its fields')
  const entries = Object.entries(given).filter(([, value]) => value !== undefined && value !== null)
  const unknown = entries.find(([name]) => !NAMES.includes(name))
  if (unknown) {
    const known = NAMES.slice(0, 5).join(', ')
    throw new ZmqError('EINVAL', `A topic has no field '${unknown[0]}': there are ${known}`)
  }
  const { config, source, ...fields } = Object.fromEntries(entries)
  return ActionKey.of({
    ...(config === undefined ? {} : { flow: config }),
    ...(source === undefined ? {} : { sender: source }),
    ...fields,
  })
}

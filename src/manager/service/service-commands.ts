// Commands to services, and their replies, as they travel. Every command to every service has a topic of
// its own that ends in the delimiter, so that the service `a` never gets what is for `a_b`.
//
//   command_<id>_<command>~~~~ServiceCommand~   -->   completed_command~~~~done~, with the same id

import type { Message } from '../../core/message.ts'
import { ActionKey } from '../../topic/action-key.ts'
import type { Envelope, Header, StepError } from '../../topic/envelope.ts'
import { topicOf } from '../../topic/topic.ts'
import { bodyOf, FORMAT } from '../codecs.ts'
import { envelope, newHeader } from '../messages.ts'
import type { Values } from '../worker/handlers.ts'

export const COMMANDS = [
  'get_health',
  'stop_service',
  'get_topics',
  'add_topic',
  'remove_topic',
] as const

export type Command = (typeof COMMANDS)[number]

/** Where replies are published. */
export const COMPLETED: ActionKey = ActionKey.of({ flow: 'completed_command', action: 'done' })

/** Throws EINVAL for an id that no topic can carry. */
export function commandKey(service: string, command: Command): ActionKey {
  return ActionKey.of({ flow: `command_${service}_${command}`, action: 'ServiceCommand' })
}

export function commandTopics(service: string): string[] {
  return COMMANDS.map((command) => topicOf(commandKey(service, command)))
}

/** Which command to this service a topic is; undefined for none. */
export function commandOf(service: string, topic: string): Command | undefined {
  return COMMANDS.find((command) => topicOf(commandKey(service, command)) === topic)
}

/** A command as a message. Other values than `command` and `service_id` are what it needs. */
export function commandMessage(
  id: string,
  service: string,
  command: Command,
  values: Values = {},
): Message {
  const key = commandKey(service, command)
  const body = bodyOf(FORMAT, { ...values, command, service_id: service })
  return envelope(key, newHeader(id, key.flow, '', key), body)
}

/**
 * The reply to a command: `message` is what was asked for. To a command that ends a wait, it does that.
 * The values of the command go back with it.
 */
export function replyTo(command: Envelope, asked: Values, message: unknown): Message {
  return reply(command.header, { ...asked, message })
}

/** The reply to a command that could not be carried out. */
export function failedReply({ header }: Envelope, error: StepError): Message {
  return reply(header, {}, error)
}

/** Ends the wait of whoever waits under `token`: with values, or with an error. */
export function answerMessage(
  id: string,
  token: string,
  values: Values,
  error?: StepError,
): Message {
  return reply({ id, token }, values, error)
}

function reply(to: Pick<Header, 'id' | 'token'>, values: Values, error?: StepError): Message {
  const { id, token } = to
  const header = {
    ...newHeader(id, COMPLETED.flow, '', COMPLETED),
    ...(token === undefined ? {} : { token }),
    ...(error === undefined ? {} : { error }),
  }
  return envelope(COMPLETED, header, bodyOf(FORMAT, values))
}

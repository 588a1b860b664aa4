// What a worker on another machine and its ZManager say to each other beside messages: which flows it
// has, that it is refused, that it wants to leave.

import { createHash } from 'node:crypto'
import { ZmqError } from '../../core/errors.ts'
import type { Message } from '../../core/message.ts'
import type { CommonOptions } from '../../core/option-types.ts'
import { ActionKey } from '../../topic/action-key.ts'
import type { Envelope, StepError } from '../../topic/envelope.ts'
import { bodyOf, FORMAT } from '../codecs.ts'
import { CONTROL_FLOW, envelope, newHeader } from '../messages.ts'
import type { Program } from '../program/program.ts'

/** The property of its socket by which a worker tells its flows (ZMQ_METADATA; names come in lower case). */
export const FLOWS_PROPERTY = 'x-flows'
export const FLOWS_METADATA = 'X-Flows'

/** What such a worker sends the Subject when it wants no more messages. */
export const WANTS_TO_LEAVE = 'LEAVE'

/**
 * Has the system find out that a worker's machine is gone. Heartbeats would take a worker for dead that is
 * busy with one message.
 */
export const KEEPALIVE = { tcpKeepalive: 1, tcpKeepaliveIdle: 10 } as const

/** How a worker notices that the ZManager's machine is gone, and how long it tries to send its last, ms. */
export const REMOTE_OPTIONS: CommonOptions = {
  ...KEEPALIVE,
  linger: 2000,
  heartbeatInterval: 5000,
  heartbeatTimeout: 15_000,
}

/** The same for who has the same versions of the same flows, and agrees on which steps workers run. */
export function flowsHash({ flows, actions, decorators }: Program): string {
  const versions = flows.names.map((name) => `${name} ${flows.find(name).version}`)
  const keys = [...actions.entries()].map(({ key }) => `${key}`)
  const treatments = [...decorators].map(([name, treatment]) => `@${name} ${treatment}`)
  return [versions, keys, treatments].map(hashOf).join('.')
}

function hashOf(lines: string[]): string {
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 16)
}

const KINDS = ['other versions of the flows', 'other keys in its mapping', 'other decorators']

/** What is other with a worker that told these flows; undefined if nothing is. */
export function differenceOf(ours: string, theirs: string | undefined): string | undefined {
  if (theirs === ours) return undefined
  const told = (theirs ?? '').split('.')
  const own = ours.split('.')
  return KINDS.filter((_, index) => told[index] !== own[index]).join(' and ')
}

/** The code of the error of a worker whose ZManager went away before it let it in. Ours alone: code of others fails with the system's. */
export const GONE = 'EGONE'

/** The code of the error of a worker that was refused. */
export const REFUSAL = 'EREFUSED'

const REFUSED = ActionKey.of({
  flow: CONTROL_FLOW,
  decorator: 'ROUTING_WORKER',
  action: 'REFUSED',
})
const REFUSED_TEXT = REFUSED.toString()

/** Given to a worker instead of work. */
export function refusalMessage(message: string): Message {
  const error: StepError = { code: REFUSAL, step: REFUSED_TEXT, message, retryable: false }
  const header = { ...newHeader('', REFUSED.flow, '', REFUSED), error }
  return envelope(REFUSED, header, bodyOf(FORMAT, {}))
}

const WELCOME = ActionKey.of({
  flow: CONTROL_FLOW,
  decorator: 'ROUTING_WORKER',
  action: 'WELCOME',
})

/** Given to a worker before any work. */
export function welcomeMessage(): Message {
  return envelope(WELCOME, newHeader('', WELCOME.flow, '', WELCOME), bodyOf(FORMAT, {}))
}

/** Why a worker was refused, if the first thing that it got says so. */
export function refusalIn({ header: { key, error } }: Envelope): ZmqError | undefined {
  if (key !== REFUSED_TEXT) return undefined
  return new ZmqError(REFUSAL, `The ZManager refuses this worker: ${error?.message}`)
}

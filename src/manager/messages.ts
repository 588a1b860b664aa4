// Makes the envelopes that travel between the boxes.

import type { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import type { FlowTable, Position } from '../flow/flow.ts'
import { ActionKey } from '../topic/action-key.ts'
import {
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  type Header,
  type StepError,
} from '../topic/envelope.ts'
import { topicOf } from '../topic/topic.ts'
import { FORMAT } from './codecs.ts'

/** The header of a message that starts out now. */
export function newHeader(id: string, flow: string, version: string, key: ActionKey): Header {
  const start = { step: 0, format: FORMAT, at: Date.now(), attempt: 1 }
  return { id, flow, version, ...start, key: key.toString() }
}

/** The same message at another step. */
export function atStep(header: Header, key: ActionKey, position?: Position): Header {
  return { ...header, key: key.toString(), step: position?.step ?? header.step }
}

/**
 * A message as it starts out: what only an end or a message under way carries, and its sender made
 * up, is taken off.
 */
export function withoutEnd({ topic, header, body }: Envelope): Envelope {
  const { outcome, error, worker, token, fork, isCaught, ...rest } = header
  return { topic, header: rest, body }
}

/**
 * What a producer sent. One that does not know the version of its flow leaves it empty (''): then
 * that of `flows` is meant. Throws EINVAL for what is no envelope.
 */
export function openSent(message: Message, flows: FlowTable): Envelope {
  const sent = withoutEnd(decodeEnvelope(message))
  const { flow, version, step } = sent.header
  if (version === '' && step === 0) sent.header.version = flows.get(flow)?.version ?? ''
  return sent
}

/** An envelope under the topic of its key. */
export function envelope(key: ActionKey, header: Header, body: Uint8Array): Message {
  return encodeEnvelope(topicOf(key), header, body)
}

/** The end of a message that went well, published under `key`. */
export function doneEnvelope(
  key: ActionKey,
  header: Header,
  body: Uint8Array,
  worker?: string,
): Message {
  return ended(key, header, body, 'done', worker)
}

/** The end of a message that failed, published as action `failed` of its flow. */
export function failedEnvelope(
  { header, body }: Envelope,
  error: StepError,
  worker?: string,
): Message {
  const key = ActionKey.of({ flow: header.flow, action: 'failed' })
  return ended(key, { ...header, error }, body, 'failed', worker)
}

function ended(
  key: ActionKey,
  header: Header,
  body: Uint8Array,
  outcome: 'done' | 'failed',
  worker?: string,
): Message {
  const named = worker === undefined ? {} : { worker }
  return envelope(key, { ...header, key: key.toString(), outcome, ...named }, body)
}

/** What a failed message says about an error. */
export function stepError(
  error: unknown,
  step: string,
  fallbackCode: string,
  retryable = false,
): StepError {
  const code = (error as Partial<ZmqError> | undefined)?.code
  const message = error instanceof Error ? error.message : String(error)
  return { code: typeof code === 'string' ? code : fallbackCode, step, message, retryable }
}

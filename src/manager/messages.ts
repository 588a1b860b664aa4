// Makes the envelopes that travel between the boxes.

import { ZmqError } from '../core/errors.ts'
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
import { bodyOf, FORMAT } from './codecs.ts'
import type { Values } from './worker/handlers.ts'

/** The flow of what a ZManager says to its workers, as DigitalPy names it. */
export const CONTROL_FLOW = 'UPDATE_ROUTING_WORKERS'

/** A message, or a branch of one, wherever it is. */
export type Part = Pick<Envelope, 'header' | 'body'>

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
  const { outcome, error, worker, token, fork, isCaught, isAnswered, strikes, dueAt, ...rest } =
    header
  return { topic, header: rest, body }
}

/**
 * What was sent to the Subject: an answer if it has a token, else a message that starts out. One that
 * does not know the version of its flow leaves it empty (''): then that of `flows` is meant. Throws
 * EINVAL for what is no envelope.
 */
export function openSent(message: Message, flows: FlowTable): Envelope {
  const opened = decodeEnvelope(message)
  if (opened.header.token !== undefined) return opened
  const sent = withoutEnd(opened)
  sent.header.attempt = 1
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
export function failedEnvelope({ header, body }: Part, error: StepError, worker?: string): Message {
  const key = ActionKey.of({ flow: header.flow, action: 'failed' })
  return ended(key, { ...header, error }, body, 'failed', worker)
}

/** A message that its worker cannot take further: it is at step `key`. */
export function continuedEnvelope(
  key: ActionKey,
  header: Header,
  body: Uint8Array,
  worker: string,
): Message {
  return ended(key, header, body, 'continued', worker)
}

function ended(
  key: ActionKey,
  header: Header,
  body: Uint8Array,
  outcome: Header['outcome'],
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
  return {
    code: typeof code === 'string' ? code : fallbackCode,
    step,
    message: textOf(error),
    retryable,
  }
}

function textOf(error: unknown): string {
  try {
    const { message } = (error ?? {}) as { message?: unknown }
    if (typeof message === 'string') return message
    return typeof error === 'object' ? (JSON.stringify(error) ?? String(error)) : String(error)
  } catch {
    return 'what was thrown has no text'
  }
}

const ANSWER = ActionKey.of({ flow: 'completed_command', action: 'done' })

/**
 * The answer to a published message that has a token, to be sent to the Subject (`pullAddress`): its
 * flow goes on with these values laid over its own, or fails with this error (its `code`, or
 * EHANDLER). Throws EINVAL for a message that waits for no answer.
 */
export function answerTo({ header }: Pick<Envelope, 'header'>, answer: Values | Error): Message {
  const { id, token, format, key } = header
  if (token === undefined)
    throw new ZmqError(
      'EINVAL',
      `${key} waits for no answer: only what has a token in its header does`,
    )
  const reply = { ...newHeader(id, ANSWER.flow, '', ANSWER), token }
  if (!(answer instanceof Error))
    return envelope(ANSWER, { ...reply, format }, bodyOf(format, answer))
  return envelope(
    ANSWER,
    { ...reply, error: stepError(answer, key, 'EHANDLER') },
    bodyOf(FORMAT, {}),
  )
}

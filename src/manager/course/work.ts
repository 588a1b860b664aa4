// A message that workers are to have: what came in, and how it fared so far.

import type { Message } from '../../core/message.ts'
import type { StepDecision } from '../../flow/flow-engine.ts'
import type { FlowPolicy } from '../../flow/policy.ts'
import type { ActionKey } from '../../topic/action-key.ts'
import type { Envelope, Header, StepError } from '../../topic/envelope.ts'
import { valuesOf } from '../codecs.ts'
import type { Outcome } from '../ledger.ts'
import { atStep, envelope } from '../messages.ts'

export interface Work {
  /** The message's id; of a branch, one of its own. */
  readonly id: string
  /** As it came in. */
  readonly received: Envelope
  /** Its first step for a worker, and where that is in the flow. */
  readonly key: ActionKey
  readonly step: number
  readonly policy: FlowPolicy
  /** Messages of one line go to one worker, in order; '' = any worker. */
  readonly line: string
  /** Goes up by one each time a worker began it in vain; what handlers are told. */
  attempt: number
  /** How many workers died or hung while they were at it. */
  strikes: number
  /** A worker has it. */
  isLeased: boolean
  /** It ended: whoever still has it leaves it alone. */
  isOver: boolean
  /** The message failed and this is its catch step: how it ends then, whatever becomes of that. */
  readonly verdict?: Verdict
}

/** How a message ended, and with which worker. */
export interface Verdict {
  readonly outcome: Exclude<Outcome, 'done'>
  readonly error: StepError
  readonly worker?: string | undefined
}

/** It failed, and no worker is to blame. */
export function failure(error: StepError): Verdict {
  return { outcome: 'failed', error }
}

/** By which a message, a branch of one, or its catch step is known while workers have it. */
export function workIdOf(header: Pick<Header, 'id' | 'fork' | 'step' | 'isCaught'>): string {
  const { id, fork, step, isCaught } = header
  if (isCaught) return `${id}\0caught` // a worker may still be at the step that is over its time
  return fork === undefined ? id : `${id}\0${fork}\0${step}` // no id has a NUL
}

/** Throws EINVAL if the flow orders by a value and the body cannot be read. */
export function workOf(
  received: Envelope,
  { key, position }: Pick<StepDecision, 'key' | 'position'>,
  policy: FlowPolicy,
  verdict?: Verdict,
): Work {
  const { attempt } = received.header
  const line = lineOf(received, policy.orderBy)
  const { step } = position
  const state = {
    attempt,
    strikes: received.header.strikes ?? 0,
    isLeased: false,
    isOver: false,
    ...(verdict && { verdict }),
  }
  return { id: workIdOf({ ...received.header, step }), received, key, step, policy, line, ...state }
}

/** The message as a worker gets it. */
export function messageOf({ received, key, step, attempt }: Work): Message {
  const { header, body } = received
  return envelope(key, { ...atStep(header, key), step, attempt }, body)
}

/** Of values that are no text, number or truth value there is no line; nor of one that is missing. */
function lineOf(received: Envelope, name: string): string {
  if (name === '') return ''
  const value = valuesOf(received)[name]
  if (!['string', 'number', 'bigint', 'boolean'].includes(typeof value)) return ''
  return `${received.header.flow}~${typeof value}~${value}`
}

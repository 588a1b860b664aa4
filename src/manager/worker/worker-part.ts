// A worker's part of a message: the step that it got it for, and those after it that are for workers.
// A branch is one step, and so is a catch step. Knows no sockets.

import type { Message } from '../../core/message.ts'
import { type Decision, waitAfter } from '../../flow/flow-engine.ts'
import { ActionKey } from '../../topic/action-key.ts'
import type { Envelope, Header } from '../../topic/envelope.ts'
import { bodyOf, valuesOf } from '../codecs.ts'
import { atStep, continuedEnvelope, doneEnvelope, failedEnvelope, stepError } from '../messages.ts'
import { type Program, stepAfter } from '../program/program.ts'
import { chosenStep } from './next-step.ts'
import type { Steps } from './steps.ts'

export interface PartSettings {
  readonly program: Program
  readonly steps: Steps
  /** The worker's name. */
  readonly worker: string
}

/** Resolves with what is to be sent on. Rejects with what a handler threw, or why there is none. */
export async function runPart(work: Envelope, settings: PartSettings): Promise<Message> {
  const { isCaught, error, fork } = work.header
  if (isCaught && error) return runCatch(work, settings)
  const { program, steps, worker } = settings
  let { header } = work
  let key = keyOf(header, program)
  let values = valuesOf(work)
  let chosen = 0
  for (;;) {
    const { values: given, next: choice } = await steps.run(key, header, values)
    if (fork !== undefined) {
      const make = given ? doneEnvelope : continuedEnvelope
      return make(key, header, given ? bodyOf(header.format, given) : work.body, worker)
    }
    values = given ?? values
    const next = choice ? chosenStep(choice, header, ++chosen) : stepAfter(program, header)
    if (next.do !== 'run') return leave(next, header, values, settings)
    key = next.key
    header = atStep(header, key, next.position)
  }
}

/** Whatever becomes of the catch step: the message fails with the error that it was to catch; if it failed, too, that says so. */
async function runCatch(
  work: Envelope,
  { program, steps, worker }: PartSettings,
): Promise<Message> {
  const { header } = work
  const first = header.error as NonNullable<Header['error']>
  try {
    await steps.run(keyOf(header, program), header, valuesOf(work))
    return failedEnvelope(work, first, worker)
  } catch (error) {
    const message = `${first.message}; and its catch step failed: ${stepError(error, '', '').message}`
    return failedEnvelope(work, { ...first, message }, worker)
  }
}

/** The end of the message, or the message for the conductor to go on with. */
function leave(
  next: Decision,
  header: Header,
  values: Record<string, unknown>,
  { program, worker }: PartSettings,
): Message {
  const position = next.do === 'end' ? undefined : next.position
  const isEnd = next.do === 'end' || (next.do === 'publish' && !waitAfter(program, next.position))
  const make = isEnd ? doneEnvelope : continuedEnvelope
  return make(next.key, atStep(header, next.key, position), bodyOf(header.format, values), worker)
}

/** Of the catch step, and without a flow, as the header says it; else what the flow has. */
function keyOf(header: Header, { flows }: Program): ActionKey {
  const { flow, isCaught } = header
  const step = isCaught ? undefined : flows.step(header)
  return step ?? ActionKey.parse(header.key).with({ flow })
}

// Messages whose version of a flow is not loaded: what a journal recovered of them, as its operator is
// told, and how such a letter is sent again.

import { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import type { FlowTable } from '../flow/flow.ts'
import { ActionKey } from '../topic/action-key.ts'
import type { Envelope, Header, StepError } from '../topic/envelope.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Ledger } from './ledger.ts'
import { failedEnvelope, stepError } from './messages.ts'

export interface OutdatedPlaces {
  readonly ledger: Ledger
  readonly letters: DeadLetters
  /** Tells whoever waits for the end of a message, or everyone. */
  tell(end: Message): void
}

/** Why a message cannot go on; undefined if it can. */
export function whyOutdated(
  flows: FlowTable,
  { flow, version, key }: Header,
): StepError | undefined {
  if (flow === '') return undefined
  try {
    flows.find(flow, version)
    return undefined
  } catch (error) {
    return stepError(error, key, 'ENOENT', true)
  }
}

/** Makes a recovered message a dead letter. False if there is no room for it: nothing was done then. */
export function bury(
  received: Envelope,
  error: StepError,
  { ledger, letters, tell }: OutdatedPlaces,
): boolean {
  const { id, flow } = received.header
  if (letters.isFull || !ledger.accept(id, flow)) return false
  letters.add(received, error, received.header.strikes ?? 0)
  ledger.settle(id, 'dead', undefined, error.code)
  tell(failedEnvelope(received, error))
  return true
}

/** Counts them, by flow. */
export class OutdatedCounts {
  readonly #byFlow = new Map<string, { dead: number; left: number; versions: Set<string> }>()

  add({ flow, version }: Header, isDead: boolean): void {
    const none = { dead: 0, left: 0, versions: new Set<string>() }
    const counts = this.#byFlow.get(flow) ?? none
    this.#byFlow.set(flow, counts)
    counts[isDead ? 'dead' : 'left']++
    counts.versions.add(version)
  }

  /** One text for each flow: what there is, and what to do. */
  texts(): string[] {
    return [...this.#byFlow].map(([flow, { dead, left, versions }]) => {
      const of = `of the flow "${flow}" are in versions that are not loaded (${[...versions].join(', ')})`
      const found = `${dead + left} messages of the journal ${of}`
      const kept = left > 0 ? `, ${left} stay in the journal because dead_letters has no room` : ''
      const advice =
        'replay them, and those at their first step begin in the loaded version; or start with the old ' +
        'flow file, replay, and reload the new one: what is under way keeps its version'
      return `${found}: ${dead} are dead letters now${kept}. What to do: ${advice}`
    })
  }
}

/**
 * The header with which a letter is sent again: as a message that nobody tried yet, where it stood; if
 * its version is not loaded and it stood at the beginning, at the beginning of the loaded one. Throws
 * ENOENT where there is no such flow, or no way to go on in it.
 */
export function headerAgain(flows: FlowTable, old: Header): Header {
  const { outcome, error, worker, token, fork, isCaught, ...rest } = old
  const header = { ...rest, at: Date.now(), attempt: 1 }
  if (!whyOutdated(flows, header)) return header
  const { name, version, steps } = flows.find(header.flow)
  if (header.step === 0) {
    const key = steps[0] ?? ActionKey.of({ flow: name, action: 'done' })
    return { ...header, version, key: `${key}` }
  }
  const text = `It stands at step ${header.step} of version ${header.version} of the flow "${name}", and only ${version} is loaded`
  throw new ZmqError('ENOENT', `${text}: start with the old flow file, then replay it`)
}

// The flow engine: what to do with a message at a position. Decisions only, nothing is done here.
// Every role (Subject, worker, service) asks the same function, so all of them agree.
// Must not know sockets, handlers or headers.
import { ZmqError } from '../core/errors.ts'
import { ActionKey } from '../topic/action-key.ts'
import { type Flow, type FlowTable, isDone, type Position } from './flow.ts'

/**
 * `run`: a worker runs the step. `publish`: subscribers get it under the step's topic.
 * `wait`: nothing is sent until someone resumes the message at this position.
 */
export type Treatment = 'run' | 'publish' | 'wait'

/** What comes next; `end` carries the flow's terminal key. */
export type Decision =
  | { readonly do: Treatment; readonly key: ActionKey; readonly position: Position }
  | { readonly do: 'end'; readonly key: ActionKey }

/** Whether a mapping knows a target for a key. */
export type Knows = (key: ActionKey) => boolean

// Decorators that settle a step before any mapping is asked. Others only make keys more specific.
const DECORATORS: ReadonlyMap<string, Treatment> = new Map<string, Treatment>([
  ['PUBLISH', 'publish'],
  ['ASYNC', 'wait'],
])

/** How a key is treated wherever it turns up; messages without a flow need no more than this. */
export function treatmentOf(key: ActionKey, knows: Knows): Treatment {
  return DECORATORS.get(key.decorator) ?? byMapping(key, knows)
}

/**
 * What to do with a message that arrives at a position; a leading Push is stepped over. A flow
 * without `??done` ends in a done key all the same.
 * Throws ENOENT for an unknown flow or version, EINVAL for a step outside the flow.
 */
export function decide(flows: FlowTable, knows: Knows, position: Position): Decision {
  const flow = flows.find(position.flow, position.version)
  checkStep(flow, position.step)
  const here = position.step === 0 ? flows.start(flow.name) : position
  const key = flows.step(here) ?? ActionKey.of({ flow: flow.name, action: 'done' })
  if (isDone(key)) return { do: 'end', key }
  return { do: treatmentOf(key, knows), key, position: here }
}

/** Like `decide` for a message that was waiting at this position: the wait is over. */
export function resume(flows: FlowTable, knows: Knows, position: Position): Decision {
  const decision = decide(flows, knows, position)
  return decision.do === 'wait' ? { ...decision, do: byMapping(decision.key, knows) } : decision
}

function byMapping(key: ActionKey, knows: Knows): Treatment {
  return knows(key) ? 'run' : 'publish'
}

function checkStep(flow: Flow, step: number): void {
  if (Number.isInteger(step) && step >= 0 && step <= flow.steps.length) return
  const range = `use 0 to ${flow.steps.length}`
  throw new ZmqError('EINVAL', `Step ${step} is outside flow "${flow.name}": ${range}`)
}

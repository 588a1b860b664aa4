// The flow engine: what to do with a message at a position. Decisions only, nothing is done here.
// Every role (Subject, worker, service) asks the same functions, so all of them agree.
// Must not know sockets, handlers or headers.
//
//   decide -> run | publish | wait | control | end      one step, or the flow's end
//          -> fork                                      a parallel group: a branch per step, a join
//   resume   a wait is over      branchAt  one branch of a fork      whenFailed  a step failed
import { ZmqError } from '../core/errors.ts'
import { ActionKey } from '../topic/action-key.ts'
import type { StepError } from '../topic/envelope.ts'
import { DECORATORS, type Decorators, type Treatment } from './decorators.ts'
import { advance, type Flow, type FlowTable, isDone, type Position } from './flow.ts'
import { type Group, groupAt } from './groups.ts'

export type { Treatment } from './decorators.ts'

/** Which flow a message is in. */
export type Version = Pick<Position, 'flow' | 'version'>

/** Whether a mapping knows a target for a key; for a step of a flow, the mapping of that version. */
export type Knows = (key: ActionKey, of?: Version) => boolean

/** What decisions depend on. */
export interface Rules {
  readonly flows: FlowTable
  readonly knows: Knows
  /** Default `DECORATORS`. */
  readonly decorators?: Decorators
}

/** One step, and how it is treated. */
export interface StepDecision {
  readonly do: Treatment
  readonly key: ActionKey
  readonly position: Position
}

/** The steps of a group, all to be done with the same values; what they give is joined. */
export interface ForkDecision {
  readonly do: 'fork'
  /** The group's first step, under whose name the group is spoken of. */
  readonly key: ActionKey
  readonly position: Position
  /** In the order of the steps. */
  readonly branches: readonly StepDecision[]
  /** Where the message goes on when all branches ended. */
  readonly join: Position
}

/** The flow's end, with its terminal key. */
export interface EndDecision {
  readonly do: 'end'
  readonly key: ActionKey
}

/** What comes next. */
export type Decision = StepDecision | ForkDecision | EndDecision

/** What comes after a failure: the flow's catch step, and then, or without one, the failed end. */
export type FailDecision =
  | {
      readonly do: 'catch'
      readonly by: 'run' | 'publish'
      readonly key: ActionKey
      readonly error: StepError
    }
  | { readonly do: 'fail'; readonly key: ActionKey; readonly error: StepError }

/** How a key is treated wherever it turns up; messages without a flow need no more than this. */
export function treatmentOf(
  key: ActionKey,
  knows: Knows,
  decorators: Decorators = DECORATORS,
  of?: Version,
): Treatment {
  return decorators.get(key.decorator) ?? (knows(key, of) ? 'run' : 'publish')
}

/**
 * What to do with a message that arrives at a position; a leading Push is stepped over. A flow
 * without `??done` ends in a done key all the same.
 * Throws ENOENT for an unknown flow or version, EINVAL for a step outside the flow or, as only
 * the first may be arrived at, for a later step of a parallel group.
 */
export function decide(rules: Rules, position: Position): Decision {
  const flow = flowAt(rules, position)
  const here = position.step === 0 ? rules.flows.start(flow.name, flow.version) : position
  const key = flow.steps[here.step] ?? ActionKey.of({ flow: flow.name, action: 'done' })
  if (isDone(key)) return { do: 'end', key }
  const group = groupAt(flow.groups, here.step)
  if (!group) return { do: treat(key, rules, here), key, position: here }
  if (here.step === group.first) return fork(rules, here, key, group)
  const advice = `use step ${group.first}, where its parallel group begins`
  throw new ZmqError('EINVAL', `A message cannot begin at ${key} of ${flow.name}: ${advice}`)
}

/**
 * What to do with a message whose wait at this position is over: the step is run if a mapping
 * knows it, else stepped over. Where no step waits, the same as `decide`. Throws as `decide` does.
 */
export function resume(rules: Rules, position: Position): Decision {
  const decision = decide(rules, position)
  if (decision.do !== 'wait') return decision
  if (rules.knows(decision.key, position)) return { ...decision, do: 'run' }
  return decide(rules, advance(decision.position))
}

/**
 * The wait that follows a published step: what makes the message stay in its flow, for an answer,
 * instead of ending here. A branch has none: its group waits. Throws as `decide` does.
 */
export function waitAfter(rules: Rules, published: Position): StepDecision | undefined {
  if (groupAt(flowAt(rules, published).groups, published.step)) return undefined
  const next = decide(rules, advance(published))
  return next.do === 'wait' ? next : undefined
}

/**
 * What to do with a branch of a fork; after that step it ends, it does not go on in the flow.
 * Throws ENOENT for an unknown flow or version, EINVAL for a step that is in no group.
 */
export function branchAt(rules: Rules, position: Position): StepDecision {
  const flow = flowAt(rules, position)
  const key = flow.steps[position.step]
  if (key && groupAt(flow.groups, position.step)) {
    return { do: treat(key, rules, position), key, position }
  }
  const what = `Step ${position.step} of flow "${flow.name}" is in no parallel group`
  throw new ZmqError('EINVAL', `${what}: use decide for it`)
}

/** Like `branchAt` for a branch whose wait is over; undefined if the branch ended with it. */
export function resumeBranch(rules: Rules, position: Position): StepDecision | undefined {
  const decision = branchAt(rules, position)
  if (decision.do !== 'wait') return decision
  return rules.knows(decision.key, position) ? { ...decision, do: 'run' } : undefined
}

/**
 * What to do when a step failed: once the flow's catch step, with the error, and after it the
 * failed end with the same error. `isCaught`: the catch step had its turn, well or not.
 * Never throws: in a flow or version that is unknown, or without a flow (''), nothing is caught.
 */
export function whenFailed(
  rules: Rules,
  where: Version,
  error: StepError,
  isCaught: boolean,
): FailDecision {
  const key = isCaught ? undefined : rules.flows.at(where.flow, where.version)?.catchKey
  if (!key) return { do: 'fail', key: ActionKey.of({ flow: where.flow, action: 'failed' }), error }
  return { do: 'catch', by: treat(key, rules, where) === 'run' ? 'run' : 'publish', key, error }
}

function fork(rules: Rules, position: Position, key: ActionKey, group: Group): ForkDecision {
  const steps = Array.from({ length: group.end - group.first }, (_, index) => group.first + index)
  const branches = steps.map((step) => branchAt(rules, { ...position, step }))
  return { do: 'fork', key, position, branches, join: { ...position, step: group.end } }
}

function treat(key: ActionKey, { knows, decorators }: Rules, of: Version): Treatment {
  return treatmentOf(key, knows, decorators, of)
}

function flowAt({ flows }: Rules, { flow: name, version, step }: Position): Flow {
  const flow = flows.find(name, version)
  if (Number.isInteger(step) && step >= 0 && step <= flow.steps.length) return flow
  const range = `use 0 to ${flow.steps.length}`
  throw new ZmqError('EINVAL', `Step ${step} is outside flow "${flow.name}": ${range}`)
}

// The static check: what is odd about flows and an action mapping, told before anything runs.
// Pure: where things stand in files is asked of `places`. Must not know files, handlers or colours.
import type { ActionKey } from '../topic/action-key.ts'
import type { ActionMap } from '../topic/action-map.ts'
import { DECORATORS, type Decorators, type Treatment } from './decorators.ts'
import { type Flow, isDone, isPush } from './flow.ts'
import { treatmentOf } from './flow-engine.ts'
import { groupAt } from './groups.ts'
import { cycles, leadsTo } from './loops.ts'

/** With an error a message cannot go the way that is written; a warning is probably a slip. */
export type Severity = 'error' | 'warning'

export interface Place {
  readonly file: string
  readonly line: number
}

export interface Finding extends Partial<Place> {
  readonly severity: Severity
  /** One word for programs, such as `unknown-action`. */
  readonly code: string
  readonly message: string
}

/** Where flows, their steps (by index) and entries of the mapping were read. */
export interface Places {
  flow(name: string): Place | undefined
  step(flow: string, index: number): Place | undefined
  entry(key: ActionKey): Place | undefined
}

export interface CheckInput {
  readonly flows: readonly Flow[]
  readonly actions: ActionMap<unknown>
  /** What is known to be subscribed to; absent: nobody asked, so published steps are not checked. */
  readonly subscribers?: readonly ActionKey[] | undefined
  readonly places?: Places | undefined
  /** What decorators mean; default `DECORATORS`. */
  readonly decorators?: Decorators
}

/** All findings, flow by flow, then those about the mapping and about loops. */
export function check(input: CheckInput): Finding[] {
  const rules = [
    missingDone,
    unreachable,
    endsEarly,
    repeated,
    latePush,
    unknownAction,
    unknownDecorator,
  ]
  return [
    ...input.flows.flatMap((flow) => rules.flatMap((rule) => rule(flow, input))),
    ...unusedEntries(input),
    ...loops(input),
  ]
}

function missingDone(flow: Flow, { places }: CheckInput): Finding[] {
  const last = flow.steps.at(-1)
  if (!last || flow.steps.some(isDone)) return []
  const message = `flow ${flow.name} does not end in ??done: one is assumed after ${last}`
  return [{ severity: 'warning', code: 'missing-done', message, ...places?.flow(flow.name) }]
}

function unreachable(flow: Flow, { places }: CheckInput): Finding[] {
  const done = reachable(flow).length
  return flow.steps.slice(done + 1).map((step, i) => ({
    severity: 'error',
    code: 'unreachable-step',
    message: `step ${step} of flow ${flow.name} never runs: the flow ends in the ??done before it`,
    ...places?.step(flow.name, done + 1 + i),
  }))
}

/** What is published with no wait behind it ends the message, unless a component answers it. */
function endsEarly(flow: Flow, input: CheckInput): Finding[] {
  const steps = reachable(flow)
  return found(flow, (step, index) => {
    const next = steps[index + 1]
    if (!next || isPush(step) || groupAt(flow.groups, index) || !isForAll(step, input))
      return undefined
    if (treat(next, input) === 'wait') return undefined
    const message = `flow ${flow.name} ends at ${step}, and ${next} never runs, unless a component answers that step: put an @ASYNC step between them`
    const place = input.places?.step(flow.name, index)
    return { severity: 'warning', code: 'ends-early', message, ...place }
  })
}

function repeated(flow: Flow, { places }: CheckInput): Finding[] {
  return found(flow, (step, index) => {
    if (index === 0 || !flow.steps[index - 1]?.equals(step)) return undefined
    const message = `${step} repeats the step before it`
    return {
      severity: 'warning',
      code: 'repeated-step',
      message,
      ...places?.step(flow.name, index),
    }
  })
}

function latePush(flow: Flow, input: CheckInput): Finding[] {
  return found(flow, (step, index) => {
    if (index === 0 || !isPush(step) || isForAll(step, input)) return undefined
    const message = `${step} is not the first step of flow ${flow.name}: Push is where a flow starts`
    const place = input.places?.step(flow.name, index)
    return { severity: 'error', code: 'late-push', message, ...place }
  })
}

function unknownAction(flow: Flow, input: CheckInput): Finding[] {
  return foundInAll(flow, (step, index) => {
    if (isPush(step) || isHeard(step, input) || treat(step, input) !== 'publish') return undefined
    const place = input.places?.step(flow.name, index) ?? input.places?.flow(flow.name)
    if (isForAll(step, input)) return input.subscribers && unheard(flow, step, place)
    if (step.action === 'Publish' && index === flow.steps.length - 1) return undefined // how older flows end
    const message = `no mapping knows step ${step} of flow ${flow.name}, and nobody is known to subscribe to it`
    return { severity: 'error', code: 'unknown-action', message, ...place }
  })
}

function unheard(flow: Flow, step: ActionKey, place: Place | undefined): Finding {
  const message = `nobody is known to subscribe to step ${step} of flow ${flow.name}`
  return { severity: 'warning', code: 'no-subscriber', message, ...place }
}

function unknownDecorator(flow: Flow, input: CheckInput): Finding[] {
  const patterns = [...input.actions.entries().map(({ key }) => key), ...(input.subscribers ?? [])]
  const table = [...decoratorsOf(input).keys()]
  const known = ['', ...table, ...patterns.map(({ decorator }) => decorator)]
  return found(flow, (step, index) => {
    if (known.includes(step.decorator)) return undefined
    const hint = `ZManager knows ${table.join(', ')}`
    const message = `nobody knows the decorator @${step.decorator} of step ${step}: ${hint}`
    const place = input.places?.step(flow.name, index)
    return { severity: 'warning', code: 'unknown-decorator', message, ...place }
  })
}

// Without any flow a mapping serves messages that have none, so nothing can be said about it.
function unusedEntries(input: CheckInput): Finding[] {
  const { flows, actions, places } = input
  if (flows.length === 0 || flows.some(({ policy }) => policy.next === 'handler')) return []
  const caught = flows.flatMap(({ catchKey }) => catchKey ?? [])
  const steps = [...flows.flatMap(reachable).filter((step) => !isPush(step)), ...caught]
  const entriesOf = (keys: ActionKey[]) => new Set(keys.map((key) => actions.resolve(key)))
  const used = entriesOf(steps.filter((step) => !isForAll(step, input)))
  const published = entriesOf(steps.filter((step) => isForAll(step, input)))
  const unused = actions.entries().filter((entry) => !used.has(entry))
  return unused.map((entry) => {
    const why = published.has(entry)
      ? 'only published steps would, and those go to subscribers'
      : 'only messages without a flow, and handlers that call it, could'
    const message = `no step of any flow uses the mapping of ${entry.key}: ${why}`
    return { severity: 'warning', code: 'unused-mapping', message, ...places?.entry(entry.key) }
  })
}

function loops({ flows, places }: CheckInput): Finding[] {
  return cycles(leadsTo(flows)).map((names) => ({
    severity: 'warning',
    code: 'flow-loop',
    message: `flows lead to each other in a loop: ${[...names, names[0]].join(' -> ')}`,
    ...places?.flow(names[0] as string),
  }))
}

/** What `test` finds in the steps that a message can come to. */
function found(
  flow: Flow,
  test: (step: ActionKey, index: number) => Finding | undefined,
): Finding[] {
  return reachable(flow)
    .map(test)
    .filter((finding) => finding !== undefined)
}

/** As `found`, and in the step that `catch =` names; its index is -1. */
function foundInAll(flow: Flow, test: Parameters<typeof found>[1]): Finding[] {
  const caught = flow.catchKey && test(flow.catchKey, -1)
  return [...found(flow, test), ...(caught ? [caught] : [])]
}

/** The steps before the first `??done`. */
function reachable({ steps }: Flow): readonly ActionKey[] {
  const done = steps.findIndex(isDone)
  return done < 0 ? steps : steps.slice(0, done)
}

/** Whether a step is for subscribers whatever a mapping knows. */
function isForAll({ decorator }: ActionKey, input: CheckInput): boolean {
  return decoratorsOf(input).get(decorator) === 'publish'
}

function treat(step: ActionKey, input: CheckInput): Treatment {
  const knows = (key: ActionKey) => input.actions.resolve(key) !== undefined
  return treatmentOf(step, knows, decoratorsOf(input))
}

function isHeard(step: ActionKey, { subscribers = [] }: CheckInput): boolean {
  return subscribers.some((one) => step.matches(one))
}

function decoratorsOf({ decorators = DECORATORS }: CheckInput): Decorators {
  return decorators
}

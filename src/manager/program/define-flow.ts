// Flows written in code: the same as their ini text, with the same version, and with types where their
// steps are handlers that have some.

import { ZmqError } from '../../core/errors.ts'
import { type Flow, isDone, makeFlow } from '../../flow/flow.ts'
import { readOptions } from '../../flow/flow-options.ts'
import { flowText } from '../../flow/flow-text.ts'
import type { Group } from '../../flow/groups.ts'
import { loadFlows } from '../../flow/load.ts'
import { DEFAULT_POLICY, type FlowPolicy } from '../../flow/policy.ts'
import { ActionKey } from '../../topic/action-key.ts'
import type { Values } from '../worker/handlers.ts'
import { DEFINED, kindOf, type TypedHandler } from './define-handler.ts'

/** A flow that takes values of `In` and ends with values of `Out`. */
export interface TypedFlow<In = unknown, Out = unknown> extends Flow {
  readonly [DEFINED]: 'flow'
  /** Those among its steps that are handlers. */
  readonly handlers: readonly TypedHandler[]
  /** Never there at run time. */
  readonly types?: { readonly input: In; readonly output: Out }
}

/** A flow by its name, or as it was defined: that version of it, with its types. */
export type AnyFlow = string | TypedFlow
export type InputOf<F> = F extends TypedFlow<infer In> ? In : Values
export type OutputOf<F> = F extends TypedFlow<unknown, infer Out> ? Out : Values

/** A step: the text of its key, or the handler that runs it. */
export type FlowStep = string | TypedHandler
/** What a flow is made of; the steps of an inner list run in parallel. */
export type FlowSteps = readonly (FlowStep | readonly FlowStep[])[]

/** What its ini text says in lines `name = value`. */
export interface FlowDefinitionOptions extends Partial<FlowPolicy> {
  /** Where a message goes once when a step failed, before it ends as failed. */
  readonly catch?: FlowStep
}

const DONE = ActionKey.of({ action: 'done' })

/** `?Context?Push` in front and `??done` at the end hand values on as they are. */
type FirstIn<S> = S extends readonly [infer Head, ...infer Tail]
  ? Head extends `${string}?Push`
    ? FirstIn<Tail>
    : Head extends TypedHandler<infer In>
      ? In
      : Values
  : Values
type LastOut<S> = S extends readonly [...infer Before, infer Last]
  ? Last extends '??done'
    ? LastOut<Before>
    : GivenBy<Last>
  : Values
type GivenBy<Step> = Step extends TypedHandler<unknown, infer Out> ? Out : Values

/** The steps, with what the compiler is to complain about in place of one that cannot follow another. */
type Checked<S, Given = Values> = S extends readonly [infer Head, ...infer Tail]
  ? readonly [Fitting<Head, Given>, ...Checked<Tail, GivenBy<Head>>]
  : S
type Fitting<Step, Given> =
  Step extends TypedHandler<infer In>
    ? Values extends Given // nothing is known of what comes
      ? Step
      : Given extends In
        ? Step
        : { readonly 'the step before gives': Given; readonly 'but this step takes': In }
    : Step

/**
 * A flow of these steps. Throws EINVAL for a name, step, group or option that cannot be, with what to
 * write instead; what an ini file is only warned of. The handlers among the steps need no other
 * registration: whoever loads the flow has them. A `??done` that is missing at the end is added.
 */
export function defineFlow<const S extends FlowSteps>(
  name: string,
  steps: S & Checked<S>,
  options: FlowDefinitionOptions = {},
): TypedFlow<FirstIn<S>, LastOut<S>> {
  if (!Array.isArray(steps))
    throw new ZmqError(
      'EINVAL',
      `The steps of the flow ${name} are an array: defineFlow('${name}', [step, ...])`,
    )
  const list: FlowSteps = steps
  const { catch: caught, ...policy } = options
  const keys = list.flat().map(keyOf)
  const last = keys.at(-1)
  const made = makeFlow(name, last && isDone(last) ? keys : [...keys, DONE], {
    ...readOptions(linesOf({ ...policy, catch: caught && textOf(caught) }), (_line, message) =>
      refuse(name, message),
    ),
    groups: groupsOf(list),
  })
  assertReadable(made)
  const all = [...list.flat(), ...(caught === undefined ? [] : [caught])]
  const handlers = Object.freeze(all.filter((step) => typeof step !== 'string'))
  return Object.freeze({ ...made, [DEFINED]: 'flow' as const, handlers })
}

function textOf(step: FlowStep): string {
  if (typeof step === 'string') return step
  if (kindOf(step) === 'handler') return step.key
  throw new ZmqError('EINVAL', 'A step is the text of an action key, or made by defineHandler')
}

/** As a step of a file, but with nothing behind it. */
function keyOf(step: FlowStep): ActionKey {
  const text = textOf(step)
  const key = ActionKey.parse(text)
  if (`${key}` === text) return key
  throw new ZmqError('EINVAL', `${JSON.stringify(text)} is more than a step: leave out the rest`)
}

function groupsOf(steps: FlowSteps): Group[] {
  const groups: Group[] = []
  let first = 0
  for (const step of steps) {
    const end = first + (Array.isArray(step) ? step.length : 1)
    if (Array.isArray(step)) groups.push({ first, end })
    first = end
  }
  return groups
}

/** Options as the lines of a file; one that says what holds anyway needs no line. */
function linesOf(options: object) {
  const defaults: Readonly<Record<string, unknown>> = { ...DEFAULT_POLICY }
  return Object.entries(options)
    .filter(([name, value]) => value !== undefined && value !== defaults[name])
    .map(([name, value]) => ({
      key: name === 'orderBy' ? 'order_by' : name,
      value: String(value),
      line: 0,
    }))
}

/** Others get the flow as its text. */
function assertReadable(flow: Flow): void {
  const [read] = loadFlows(flowText(flow), flow.name).flows
  if (read?.name === flow.name && read.version === flow.version) {
    if (read.groups.length === flow.groups.length) return
    refuse(flow.name, 'two parallel groups need a step between them')
  }
  refuse(flow.name, 'an ini file could not say this: use a name without "]" and plain options')
}

function refuse(flow: string, message: string): never {
  throw new ZmqError('EINVAL', `Flow "${flow}": ${message.replace(/^skipped: /, '')}`)
}

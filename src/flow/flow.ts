// Flows: named, ordered lists of steps, and the position of one message in one of them.
// A position is carried by the message and never searched for, so a flow may repeat a step.
// Must not know files, handlers or sockets.
import { ZmqError } from '../core/errors.ts'
import { ActionKey } from '../topic/action-key.ts'
import { checkedGroups, type Group, groupAt } from './groups.ts'
import { DEFAULT_POLICY, type FlowPolicy } from './policy.ts'

/** A flow. Frozen; every step's key carries the flow's name. */
export interface Flow {
  readonly name: string
  /** Hash of steps, groups and options: what means the same has the same version everywhere. */
  readonly version: string
  readonly steps: readonly ActionKey[]
  readonly policy: FlowPolicy
  /** Where a message goes once when a step failed, before it ends as failed. */
  readonly catchKey: ActionKey | undefined
  /** Steps that run in parallel, in order of their indexes. */
  readonly groups: readonly Group[]
}

/** What a flow may have beside its steps. */
export interface FlowExtras {
  readonly policy?: FlowPolicy
  readonly catchKey?: ActionKey
  readonly groups?: readonly Group[]
}

/** Where a message stands. `step` is an index; one past the last step means "at the end". */
export type Position = { readonly flow: string; readonly version: string; readonly step: number }

/**
 * Makes a flow of steps. Throws EINVAL for a name that is empty or that no key can carry, and for
 * groups that are no ranges of two or more steps of work.
 */
export function makeFlow(
  name: string,
  steps: readonly ActionKey[],
  { policy = DEFAULT_POLICY, catchKey, groups = [] }: FlowExtras = {},
): Flow {
  if (name === '') throw new ZmqError('EINVAL', 'A flow needs a name: the empty one means no flow')
  ActionKey.of({ flow: name })
  const owned = Object.freeze(steps.map((step) => step.with({ flow: name })))
  const content = {
    steps: owned,
    policy,
    catchKey: catchKey?.with({ flow: name }),
    groups: checkedGroups(groups, owned),
  }
  return Object.freeze({ name, version: versionOf(content), ...content })
}

/** Whether a step is the entry marker `Push`, which tells how to send and is not work itself. */
export function isPush(key: ActionKey): boolean {
  return key.action === 'Push'
}

/** Whether a step is the terminal `??done`. */
export function isDone(key: ActionKey): boolean {
  return key.action === 'done' && key.sender === '' && key.context === ''
}

/** The position one step on. */
export function advance(position: Position): Position {
  return { ...position, step: position.step + 1 }
}

/**
 * The flows in force, and earlier versions that messages under way may still have. Never changes: a
 * reload makes a new table of the new flows and those there were.
 */
export class FlowTable {
  /** Of the flows in force. */
  readonly names: readonly string[]
  readonly #flows: ReadonlyMap<string, Flow>
  readonly #earlier: ReadonlyMap<string, ReadonlyMap<string, Flow>> // name -> version -> flow

  /** Of two flows with one name the later counts; `earlier` ones are only found by their version. */
  constructor(flows: Iterable<Flow> = [], earlier: Iterable<Flow> = []) {
    this.#flows = new Map([...flows].map((flow) => [flow.name, flow]))
    this.names = Object.freeze([...this.#flows.keys()])
    const versions = new Map<string, Map<string, Flow>>()
    for (const flow of earlier) {
      const known = versions.get(flow.name) ?? new Map<string, Flow>()
      versions.set(flow.name, known)
      if (!known.has(flow.version)) known.set(flow.version, flow)
    }
    this.#earlier = versions
  }

  /** The flow in force of this name. */
  get(name: string): Flow | undefined {
    return this.#flows.get(name)
  }

  /** A version of a flow, in force or earlier. Of two earlier ones that are the same, the first. */
  at(name: string, version: string): Flow | undefined {
    const flow = this.#flows.get(name)
    return flow?.version === version ? flow : this.#earlier.get(name)?.get(version)
  }

  /** Whether there is, or was, a flow of this name. */
  knows(name: string): boolean {
    return this.#flows.has(name) || this.#earlier.has(name)
  }

  /** All versions of all flows. */
  all(): Flow[] {
    return [
      ...this.#flows.values(),
      ...[...this.#earlier.values()].flatMap((of) => [...of.values()]),
    ]
  }

  /** The flow in force of this name, or a version of it. Throws ENOENT naming what there is. */
  find(name: string, version?: string): Flow {
    const current = this.#flows.get(name)
    const flow = version === undefined ? current : this.at(name, version)
    if (flow) return flow
    if (!current) throw new ZmqError('ENOENT', `No flow "${name}": ${this.#hint()}`)
    const loaded = `version ${current.version} is loaded, send it again`
    throw new ZmqError('ENOENT', `No version "${version}" of flow "${name}": ${loaded}`)
  }

  /** The step at a position; undefined past the last one and where flow or version is unknown. */
  step(position: Position): ActionKey | undefined {
    return this.at(position.flow, position.version)?.steps[position.step]
  }

  /**
   * Where a message starts: after the leading Push, if any. Without a version in the flow that is
   * in force. Throws ENOENT like `find`.
   */
  start(name: string, version?: string): Position {
    const flow = this.find(name, version)
    const [first] = flow.steps
    return { flow: name, version: flow.version, step: first && isPush(first) ? 1 : 0 }
  }

  #hint(): string {
    if (this.names.length === 0) return 'no flows are loaded, load a flow file first'
    return `use one of the known flows ${this.names.join(', ')}`
  }
}

// Options that say what holds anyway do not count.
function versionOf({ steps, policy, catchKey, groups }: Omit<Flow, 'name' | 'version'>): string {
  const lines = steps.map((step, index) => (groupAt(groups, index) ? `& ${step}` : `${step}`))
  for (const name of Object.keys(DEFAULT_POLICY) as (keyof FlowPolicy)[]) {
    if (policy[name] !== DEFAULT_POLICY[name]) lines.push(`${name} = ${policy[name]}`)
  }
  if (catchKey) lines.push(`catch = ${catchKey}`)
  return fnv1a(lines.join('\n'))
}

// FNV-1a, 32 bits, over UTF-16 code units.
function fnv1a(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}

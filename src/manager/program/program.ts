// What a ZManager does with messages: its flows and its action mapping, from their files.

import { DECORATORS, type Decorators, readDecorators } from '../../flow/decorators.ts'
import { FlowTable } from '../../flow/flow.ts'
import {
  type Decision,
  decide,
  type Knows,
  resume,
  treatmentOf,
  type Version,
} from '../../flow/flow-engine.ts'
import type { IniWarning } from '../../flow/ini.ts'
import { ActionKey } from '../../topic/action-key.ts'
import type { ActionMap } from '../../topic/action-map.ts'
import type { Header } from '../../topic/envelope.ts'
import type { SourceFile } from '../config.ts'
import { readSources, type Sources, stillNeeded, type Target } from './sources.ts'

export type { Target } from './sources.ts'

export interface Program {
  /** Those in force, and earlier versions. */
  readonly flows: FlowTable
  /** The mapping in force. */
  readonly actions: ActionMap<Target>
  /** By the mapping that came with a version: which steps are run, and which published, stays. */
  readonly knows: Knows
  readonly decorators: Decorators
  readonly warnings: readonly IniWarning[]
  readonly sources: Sources
  /** What is needed of the programs before, the latest first. */
  readonly earlier: readonly Sources[]
  /** What runs a step: as the mapping in force says, or else that which came with the version. */
  targetOf(key: ActionKey, of: Version): Target | undefined
}

/**
 * Later files win over earlier ones. `earlier` programs, the latest first, are for messages that are
 * in versions of flows that only those have. Throws EINVAL with file and line for what cannot be read.
 */
export function makeProgram(
  flowFiles: readonly SourceFile[],
  actionFiles: readonly SourceFile[],
  decorators: Decorators = DECORATORS,
  earlier: readonly Sources[] = [],
): Program {
  const sources = { flows: flowFiles, actions: actionFiles }
  const current = readSources(sources)
  const { actions, warnings } = current
  const needed = stillNeeded(current, earlier)
  const flows = new FlowTable(
    current.flows,
    needed.flatMap((read) => read.flows),
  )
  const mappings = new Map(needed.flatMap((read) => read.flows.map((flow) => [flow, read.actions])))
  const mappingOf = ({ flow, version }: Version): ActionMap<Target> => {
    const found = mappings.size > 0 ? flows.at(flow, version) : undefined
    return (found && mappings.get(found)) ?? actions
  }
  return {
    flows,
    actions,
    knows: (key, of) => (of ? mappingOf(of) : actions).resolve(key) !== undefined,
    decorators,
    warnings,
    sources,
    earlier: needed.map((read) => read.sources),
    targetOf: (key, of) => (actions.resolve(key) ?? mappingOf(of).resolve(key))?.target,
  }
}

/** The program of a configuration; throws EINVAL as `makeProgram`. */
export function programOf(
  { flows, actions, decorators }: Sources & { readonly decorators?: string | undefined },
  earlier: readonly Sources[] = [],
): Program {
  return makeProgram(flows, actions, readDecorators(decorators ?? ''), earlier)
}

/**
 * What to do with a message now; one without a flow has its key as its only step. Throws ENOENT for
 * an unknown flow or version, EINVAL for a step that is not in it.
 */
export function nextStep(program: Program, header: Header): Decision {
  if (header.flow !== '') return decide(program, header)
  const key = ActionKey.parse(header.key)
  return { do: treatmentOf(key, program.knows, program.decorators), key, position: header }
}

/** As `nextStep`, for a message whose wait is over. */
export function resumedStep(program: Program, header: Header): Decision {
  if (header.flow !== '') return resume(program, header)
  const key = ActionKey.parse(header.key)
  const isToRun =
    treatmentOf(key, program.knows, program.decorators) === 'wait' && program.knows(key)
  return isToRun ? { do: 'run', key, position: header } : { do: 'end', key: DONE }
}

/** What comes after a step; a message without a flow ends after its one step. */
export function stepAfter(program: Program, { flow, version, step }: Header): Decision {
  if (flow === '') return { do: 'end', key: DONE }
  return decide(program, { flow, version, step: step + 1 })
}

const DONE = ActionKey.of({ action: 'done' })

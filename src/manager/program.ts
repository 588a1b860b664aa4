// What a ZManager does with messages: its flows and its action mapping, from their files.

import { ZmqError } from '../core/errors.ts'
import { DECORATORS, type Decorators } from '../flow/decorators.ts'
import { FlowTable } from '../flow/flow.ts'
import { type Decision, decide, type Knows, treatmentOf } from '../flow/flow-engine.ts'
import type { IniWarning } from '../flow/ini.ts'
import { loadActions, loadFlows } from '../flow/load.ts'
import { ActionKey } from '../topic/action-key.ts'
import { ActionMap } from '../topic/action-map.ts'
import type { Header } from '../topic/envelope.ts'
import type { SourceFile } from './config.ts'

/** The target of an action, and the file that names it: paths are relative to that. */
export interface Target {
  readonly text: string
  readonly file: string
}

export interface Program {
  readonly flows: FlowTable
  readonly actions: ActionMap<Target>
  readonly knows: Knows
  readonly decorators: Decorators
  readonly warnings: readonly IniWarning[]
}

/** Later files win over earlier ones. Throws EINVAL with file and line for what cannot be read. */
export function makeProgram(
  flowFiles: readonly SourceFile[],
  actionFiles: readonly SourceFile[],
  decorators: Decorators = DECORATORS,
): Program {
  const loaded = flowFiles.map(({ text, file }) => loadFlows(text, file))
  const actions = new ActionMap<Target>()
  const warnings = loaded.flatMap((file) => file.warnings)
  for (const { text, file } of actionFiles) {
    const part = loadActions(text, file)
    for (const { key, target } of part.map.entries()) actions.set(key, { text: target, file })
    warnings.push(...part.warnings)
  }
  const flows = new FlowTable(loaded.flatMap((file) => file.flows))
  const knows: Knows = (key) => actions.resolve(key) !== undefined
  return { flows, actions, knows, decorators, warnings }
}

/** Why a decision cannot be carried out here. */
const CANNOT: Partial<Record<Decision['do'], string>> = {
  wait: 'waits for an answer: nothing here resumes it',
  control: 'is for the workers themselves: only the Integration Manager publishes it',
  fork: 'begins a parallel group: nothing here joins one',
}

/**
 * What to do with a message now; one without a flow has its key as its only step.
 * Throws ENOENT for an unknown flow, EFSM for a step that waits, forks or controls.
 */
export function nextStep(program: Program, header: Header): Decision {
  const decision = header.flow === '' ? single(program, header) : decide(program, header)
  const why = CANNOT[decision.do]
  if (why === undefined) return decision
  throw new ZmqError('EFSM', `Step ${decision.key} ${why}`)
}

function single({ knows, decorators }: Program, header: Header): Decision {
  const key = ActionKey.parse(header.key)
  return { do: treatmentOf(key, knows, decorators), key, position: header }
}

// What a ZManager does with messages: its flows and its action mapping, from their files.

import { FlowTable } from '../flow/flow.ts'
import type { Knows } from '../flow/flow-engine.ts'
import type { IniWarning } from '../flow/ini.ts'
import { loadActions, loadFlows } from '../flow/load.ts'
import { ActionMap } from '../topic/action-map.ts'
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
  readonly warnings: readonly IniWarning[]
}

/** Later files win over earlier ones. Throws EINVAL with file and line for what cannot be read. */
export function makeProgram(
  flowFiles: readonly SourceFile[],
  actionFiles: readonly SourceFile[],
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
  return { flows, actions, knows: (key) => actions.resolve(key) !== undefined, warnings }
}

// Modules with handlers and flows defined in code. What they export becomes texts of flow and action files
// whose targets name the exports, so whoever runs or checks flows needs to know no more than such
// texts: functions never cross from one thread to another.

import { basename, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ZmqError } from '../../core/errors.ts'
import { flowText } from '../../flow/flow-text.ts'
import { loadActions, loadFlows } from '../../flow/load.ts'
import type { SourceFile, ZManagerConfig } from '../config.ts'
import { importUrl } from '../host/typescript.ts'
import type { TypedFlow } from './define-flow.ts'
import { kindOf, type TypedHandler } from './define-handler.ts'

/** What a module defines, as texts; `file` is the module. */
export interface ModuleSources {
  readonly flows: readonly SourceFile[]
  readonly actions: readonly SourceFile[]
}

/**
 * The configuration with what its modules define behind its files, so that the modules win; `report` is
 * told what they replace. Rejects as `readModules`.
 */
export async function withModules(
  config: ZManagerConfig,
  report: (text: string) => void,
  again = false,
): Promise<ZManagerConfig> {
  if (!config.modules?.length) return config
  const defined = await readModules(config.modules, again)
  const flows = [...config.flows, ...defined.flows]
  const actions = [...config.actions, ...defined.actions]
  const definitions = [...flows.flatMap(flowsIn), ...actions.flatMap(actionsIn)]
  for (const text of replaced(definitions, [...defined.flows, ...defined.actions])) report(text)
  return { ...config, flows, actions }
}

/**
 * Imports modules (paths, or `file:` URLs) and reads what `defineHandler` and `defineFlow` made of their
 * exports; `again` imports those anew that were imported before. Rejects with ENOENT for a module
 * that cannot be imported, EINVAL for one that defines nothing.
 */
export async function readModules(
  modules: readonly (string | URL)[],
  again = false,
): Promise<ModuleSources> {
  const all: ModuleSources[] = []
  for (const module of modules) all.push(await readModule(fileOf(module), again))
  return {
    flows: all.flatMap(({ flows }) => flows),
    actions: all.flatMap(({ actions }) => actions),
  }
}

function fileOf(module: string | URL): string {
  const text = String(module)
  return text.startsWith('file:') ? fileURLToPath(text) : resolve(text)
}

type Exports = Readonly<Record<string, unknown>>

let imports = 0

async function readModule(file: string, again: boolean): Promise<ModuleSources> {
  const { href } = pathToFileURL(file)
  try {
    return sourcesOf(await importUrl(again ? `${href}?import=${++imports}` : href), file)
  } catch (error) {
    if (error instanceof ZmqError) throw error
    const text = `Cannot import the module ${file}: ${(error as Error).message}`
    throw new ZmqError('ENOENT', text, { cause: error })
  }
}

function sourcesOf(exports: Exports, file: string): ModuleSources {
  const flows: string[] = []
  const targets = new Map<TypedHandler, string>() // one may be exported under several names
  for (const [name, value] of Object.entries(exports)) {
    if (kindOf(value) === 'handler') targets.set(value as TypedHandler, name)
    if (kindOf(value) !== 'flow') continue
    const flow = value as TypedFlow
    flows.push(flowText(flow))
    for (const [index, handler] of flow.handlers.entries()) {
      if (!targets.has(handler)) targets.set(handler, `${name}.handlers.${index}`)
    }
  }
  if (flows.length + targets.size === 0) {
    const advice = 'export what defineHandler and defineFlow return'
    throw new ZmqError('EINVAL', `The module ${file} defines no handler and no flow: ${advice}`)
  }
  const entries = [...targets].map(([{ key }, name]) => `${key} = ./${basename(file)}#${name}`)
  return {
    flows: [{ file, text: flows.join('\n') }],
    actions: [{ file, text: ['[actionmapping]', ...entries].join('\n') }],
  }
}

interface Definition {
  readonly name: string
  /** What it says: the same said twice replaces nothing. */
  readonly means: string
  readonly file: string
}

function flowsIn({ text, file }: SourceFile): Definition[] {
  const { flows } = loadFlows(text, file)
  return flows.map(({ name, version }) => ({ name: `flow ${name}`, means: version, file }))
}

function actionsIn({ text, file }: SourceFile): Definition[] {
  const entries = loadActions(text, file).map.entries()
  return entries.map(({ key, target }) => ({ name: `${key}`, means: `${file} ${target}`, file }))
}

/** What modules replace; that a later ini file wins over an earlier one is how they are used. */
function* replaced(all: readonly Definition[], modules: readonly SourceFile[]): Generator<string> {
  const isModule = new Set(modules.map(({ file }) => file))
  const known = new Map<string, Definition>()
  for (const one of all) {
    const before = known.get(one.name)
    known.set(one.name, one)
    if (!before || before.means === one.means || !isModule.has(one.file)) continue
    yield `${one.file}: ${one.name} replaces that of ${before.file}`
  }
}

// Handlers are plain functions. A mapping names them as `./module.ts#name` or `package#name.method`;
// they are imported once and kept.

import { createRequire } from 'node:module'
import { dirname, isAbsolute, resolve as resolvePath } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ZmqError } from '../core/errors.ts'
import type { Target } from './program.ts'

/** What a message carries through its flow. */
export type Values = Record<string, unknown>

export interface HandlerContext {
  /** Made once per message and kept through the whole flow. */
  readonly id: string
  /** Empty for a message without a flow. */
  readonly flow: string
  /** The action key of the step. */
  readonly key: string
  /** The worker that runs the step. */
  readonly worker: string
  /** Publishes values under an action key, beside the flow. Resolves when they are on their way. */
  publish(key: string, values: Values): Promise<void>
}

// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return keeps the values
type Returned = Values | void

/** Takes the values and returns those for the next step; without a return they stay as they are. */
export type Handler = (values: Values, context: HandlerContext) => Returned | Promise<Returned>

export class Handlers {
  readonly #loaded = new Map<string, Promise<Handler>>()

  /** The function of a target. Rejects with EINVAL or ENOENT saying what to change in the mapping. */
  load(target: Target): Promise<Handler> {
    const key = `${target.file}\n${target.text}`
    const known = this.#loaded.get(key)
    if (known) return known
    const loading = find(target)
    this.#loaded.set(key, loading)
    return loading
  }
}

async function find(target: Target): Promise<Handler> {
  const hash = target.text.lastIndexOf('#')
  if (hash <= 0) {
    const hint = 'write ./module.ts#function, or package#function'
    throw new ZmqError('EINVAL', `${target.file}: '${target.text}' names no function: ${hint}`)
  }
  const url = moduleUrl(target.text.slice(0, hash), target.file)
  const path = target.text.slice(hash + 1)
  return pick(await importModule(url, target), path, target)
}

function moduleUrl(specifier: string, file: string): string {
  if (specifier.startsWith('.')) return pathToFileURL(resolvePath(dirname(file), specifier)).href
  if (isAbsolute(specifier)) return pathToFileURL(specifier).href
  try {
    return pathToFileURL(createRequire(file).resolve(specifier)).href
  } catch (error) {
    throw new ZmqError('ENOENT', `${file}: package '${specifier}' is not installed there`, {
      cause: error,
    })
  }
}

async function importModule(url: string, target: Target): Promise<Record<string, unknown>> {
  try {
    return await import(url)
  } catch (error) {
    const reason = (error as Error).message
    throw new ZmqError('ENOENT', `${target.file}: cannot import '${target.text}': ${reason}`, {
      cause: error,
    })
  }
}

/** Follows `name.method` from the module's exports; methods keep their object. */
function pick(module: Record<string, unknown>, path: string, target: Target): Handler {
  const names = path.split('.')
  let owner: unknown
  let found: unknown = module
  for (const name of names) {
    owner = found
    found = (found as Record<string, unknown> | undefined)?.[name]
  }
  if (typeof found !== 'function') {
    const exports = Object.keys(module).join(', ') || 'nothing'
    throw new ZmqError(
      'ENOENT',
      `${target.file}: '${target.text}' is no function (the module exports ${exports})`,
    )
  }
  return names.length > 1 ? (found.bind(owner) as Handler) : (found as Handler)
}

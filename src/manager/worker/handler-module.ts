// Where the module of a target is, and what is meant inside it. Two ways to write one:
//
//   ./module.ts#name.method, package#name     module and name apart
//   folder.module.Class.method                DigitalPy's way: the longest beginning that is a module,
//                                             beside the mapping's file first, then as a package

import { statSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, isAbsolute, join, resolve as resolvePath } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ZmqError } from '../../core/errors.ts'
import type { Target } from '../program/program.ts'

export interface Found {
  /** What `import()` takes. */
  readonly url: string
  /** `name`, `name.method` ... in the module's exports. */
  readonly path: string
}

/** Tried in this order: what every runtime can import comes first. */
const ENDINGS = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '/index.js', '/index.ts']

/** Throws EINVAL for a text that names no function, ENOENT when there is no such module. */
export function moduleOf(target: Target): Found {
  const hash = target.text.lastIndexOf('#')
  if (hash > 0) {
    const url = moduleUrl(target.text.slice(0, hash), target.file)
    return { url, path: target.text.slice(hash + 1) }
  }
  if (hash < 0 && isDotted(target.text)) return dotted(target)
  const hint = 'write ./module.ts#function, package#function or folder.module.Class.method'
  throw new ZmqError('EINVAL', `${target.file}: '${target.text}' names no function: ${hint}`)
}

function moduleUrl(specifier: string, file: string): string {
  if (specifier.startsWith('.')) return pathToFileURL(resolvePath(dirname(file), specifier)).href
  if (isAbsolute(specifier)) return pathToFileURL(specifier).href
  const url = packageUrl(specifier, file)
  if (url instanceof Error) {
    const message = `${file}: package '${specifier}' is not installed there`
    throw new ZmqError('ENOENT', message, { cause: url })
  }
  return url
}

/** Names with dots between them, and nothing that would lead out of a folder. */
function isDotted(text: string): boolean {
  return /^[^\s./\\#]+(?:\.[^\s./\\#]+)+$/.test(text)
}

function dotted({ text, file }: Target): Found {
  const names = text.split('.')
  const tried: string[] = []
  for (let count = names.length - 1; count > 0; count--) {
    const specifier = names.slice(0, count).join('/')
    const url = fileUrl(specifier, file) ?? installedUrl(specifier, file)
    if (url !== undefined) return { url, path: names.slice(count).join('.') }
    tried.push(specifier)
  }
  const where = `neither beside that file nor as a package is there a module ${tried.join(', ')}`
  const hint = 'or write ./module.ts#function'
  throw new ZmqError('ENOENT', `${file}: '${text}' is not found: ${where} (${hint})`)
}

function fileUrl(specifier: string, file: string): string | undefined {
  const place = join(dirname(file), specifier)
  const found = ENDINGS.map((ending) => place + ending).find(isFile)
  return found === undefined ? undefined : pathToFileURL(found).href
}

function installedUrl(specifier: string, file: string): string | undefined {
  const url = isBuiltin(specifier) ? undefined : packageUrl(specifier, file)
  return typeof url === 'string' ? url : undefined
}

function packageUrl(specifier: string, file: string): string | Error {
  try {
    return pathToFileURL(createRequire(file).resolve(specifier)).href
  } catch (error) {
    return error as Error
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

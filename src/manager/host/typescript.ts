// Importing modules that may be TypeScript: Node 22.18 and later reads it by itself, others with the help of
// tsx, which is looked for in this package and in the project it is used in.

import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { ZmqError } from '../../core/errors.ts'

const TYPESCRIPT = /\.[cm]?ts(?:\?|$)/

/** This Node reads TypeScript without help. */
export const readsTypeScript: boolean = Boolean(
  (process.features as { typescript?: unknown }).typescript,
)

type Exports = Record<string, unknown>
type Import = (url: string) => Promise<Exports>

let withTsx: Promise<Import> | undefined

export function isTypeScript(url: string): boolean {
  return TYPESCRIPT.test(url)
}

/** As `import(url)`, of TypeScript too. Rejects with ENOENT when nothing here can read that. */
export async function importUrl(url: string): Promise<Exports> {
  const isRead = readsTypeScript || isTypeScript(import.meta.url) // we are TypeScript: somebody saw to it
  if (isRead || !isTypeScript(url)) return import(url)
  withTsx ??= register()
  return (await withTsx)(url)
}

/** Where tsx is: a path to require, two URLs to import. Throws ENOENT when it is not installed. */
export function tsxApi(): { readonly cjs: string; readonly esm: string; readonly loader: string } {
  const tsx = resolver()
  const url = (path: string): string => pathToFileURL(tsx.resolve(path)).href
  return {
    cjs: tsx.resolve('tsx/cjs/api'),
    esm: url('tsx/esm/api').replace(/\.cjs$/, '.mjs'), // its CommonJS twin cannot register
    loader: url('tsx'),
  }
}

/** Modules that were there before tsx, as this one, would get no named exports from CommonJS in TypeScript. */
async function register(): Promise<Import> {
  const { cjs, esm } = tsxApi()
  createRequire(import.meta.url)(cjs).register()
  const api = await import(esm)
  api.register()
  const later = 'data:text/javascript,export const load = (url) => import(url)'
  return (await import(later)).load
}

function resolver(): NodeJS.Require {
  for (const from of [import.meta.url, `${process.cwd()}/`]) {
    const require = createRequire(from)
    try {
      require.resolve('tsx')
      return require
    } catch {} // not installed there: try the next place
  }
  const hint = 'npm install tsx, or name compiled .js files'
  throw new ZmqError('ENOENT', `Handlers in TypeScript need Node 22.18 or later, or tsx: ${hint}`)
}

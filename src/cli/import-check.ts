// Whether the handlers of a mapping can be imported, tried as a worker does it. This runs their modules.

import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { Finding, Places } from '../flow/check.ts'
import { ZmqError } from '../index.ts'
import { moduleOf } from '../manager/handler-module.ts'
import { Handlers } from '../manager/handlers.ts'
import type { Target } from '../manager/program.ts'
import type { ActionMap } from '../topic/action-map.ts'

const TYPESCRIPT = /\.[cm]?ts$/

/** An error for each entry whose target is no function. What modules print goes to stderr. */
export async function checkImports(actions: ActionMap<Target>, places: Places): Promise<Finding[]> {
  const handlers = new Handlers()
  const findings: Finding[] = []
  const restore = stdoutToStderr()
  try {
    for (const { key, target } of actions.entries()) {
      const message = await problemOf(target, handlers)
      if (message === undefined) continue
      const place = places.entry(key) ?? { file: target.file }
      findings.push({ severity: 'error', code: 'missing-handler', message, ...place })
    }
    return findings
  } finally {
    restore()
  }
}

async function problemOf(target: Target, handlers: Handlers): Promise<string | undefined> {
  try {
    if (TYPESCRIPT.test(moduleOf(target).url)) await allowTypeScript()
    await handlers.load(target)
    return undefined
  } catch (error) {
    if (!(error instanceof ZmqError)) throw error
    return error.message.replace(`${target.file}: `, '')
  }
}

function stdoutToStderr(): () => void {
  const { stdout, stderr } = process
  const write = stdout.write
  stdout.write = stderr.write.bind(stderr) as typeof write
  return () => {
    stdout.write = write
  }
}

/** Node before 22.18 needs tsx, as workers do; without it the import says that it cannot be read. */
async function allowTypeScript(): Promise<void> {
  const { typescript } = process.features as { typescript?: unknown }
  if (typescript || TYPESCRIPT.test(import.meta.url) || isAllowed) return
  isAllowed = true
  for (const from of [import.meta.url, `${process.cwd()}/`]) {
    const require = createRequire(from)
    try {
      require(require.resolve('tsx/cjs/api')).register()
      const esm = require.resolve('tsx/esm/api').replace(/\.cjs$/, '.mjs') // its twin cannot register
      ;(await import(pathToFileURL(esm).href)).register()
      return
    } catch {} // not installed there: try the next place
  }
}

let isAllowed = false

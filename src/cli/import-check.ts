// Whether the handlers of a mapping can be imported, tried as a worker does it. This runs their modules.

import type { Finding, Places } from '../flow/check.ts'
import { ZmqError } from '../index.ts'
import type { Target } from '../manager/program/program.ts'
import { Handlers } from '../manager/worker/handlers.ts'
import type { ActionMap } from '../topic/action-map.ts'

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

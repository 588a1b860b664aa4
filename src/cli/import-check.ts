// Whether the handlers of a mapping and the services can be imported, tried as their hosts do it. This runs
// their modules; no service is started.

import type { Finding, Places } from '../flow/check.ts'
import { ZmqError } from '../index.ts'
import { placesIn } from '../manager/config-check.ts'
import type { Target } from '../manager/program/program.ts'
import { loadService } from '../manager/service/service-module.ts'
import { Handlers } from '../manager/worker/handlers.ts'
import type { ActionMap } from '../topic/action-map.ts'
import type { ReadConfig } from './sources.ts'
import { stdoutAside } from './stdout-aside.ts'

/**
 * An error for each entry whose target is no function, and each service whose module is none. What
 * modules print goes to stderr.
 */
export async function checkImports(
  actions: ActionMap<Target>,
  places: Places,
  configs: readonly ReadConfig[],
): Promise<Finding[]> {
  const handlers = new Handlers()
  const findings: Finding[] = []
  await stdoutAside(async () => {
    for (const { key, target } of actions.entries()) {
      const message = await problemOf(target, () => handlers.load(target))
      if (message === undefined) continue
      const place = places.entry(key) ?? { file: target.file }
      findings.push({ severity: 'error', code: 'missing-handler', message, ...place })
    }
    for (const { source, config } of configs) {
      const placeOf = placesIn(source)
      for (const { id, module } of config.services?.services ?? []) {
        const message = await problemOf(module, () => loadService(module))
        if (message === undefined) continue
        const about = `service ${id}: ${message}`
        const place = placeOf(id, 'module')
        findings.push({ severity: 'error', code: 'missing-service', message: about, ...place })
      }
    }
  })
  return findings
}

async function problemOf(
  target: Target,
  load: () => Promise<unknown>,
): Promise<string | undefined> {
  try {
    await load()
    return undefined
  } catch (error) {
    if (!(error instanceof ZmqError)) throw error
    return error.message.replace(`${target.file}: `, '')
  }
}

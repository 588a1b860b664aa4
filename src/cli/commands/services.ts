// zmanager services: the services of a ZManager that runs: their status, start, stop, restart.
// Not in here: how it is found and asked (src/cli/running.ts).

import { SERVICE_ACTIONS } from '../../manager/control/control-commands.ts'
import type { ServiceStatus } from '../../manager/service/service-unit.ts'
import { type Command, parseFlags, UsageError } from '../command.ts'
import { askRunning, TARGET_HELP } from '../running.ts'
import { table } from '../table.ts'
import { lineOf } from '../values.ts'

const HELP = `Usage: zmanager services list <zmanager.ini> [--json]
       zmanager services start|stop|restart <id> <zmanager.ini> [--json]

Lists the services of a running ZManager with their status, or starts, stops or restarts one of them.

${TARGET_HELP}
  --json          one JSON object a service: {id, status, wanted, since, restarts, hangs, lastError}

Exit code: 0 done, 1 it could not be done (ENOENT: there is no such service) or no ZManager runs there,
2 wrong usage or configuration.

Examples:
  zmanager services list zmanager.ini
  zmanager services restart tcp-in zmanager.ini`

export const services: Command = {
  name: 'services',
  summary: 'list, start, stop or restart services of a ZManager that runs',
  help: HELP,
  run: (args) => runServices(args),
}

const FLAGS = { json: { type: 'boolean' } } as const

async function runServices(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, FLAGS)
  const [verb, ...words] = positionals
  const target = words.at(-1)
  const action = SERVICE_ACTIONS.find((known) => known === verb)
  const wanted = 'services takes list, or start, stop or restart and an id, and a zmanager.ini'
  if (verb !== undefined && !action && verb !== 'list')
    throw new UsageError(`${wanted}, not '${verb}'`)
  if (target === undefined || words.length !== (action ? 2 : 1)) throw new UsageError(wanted)
  const { json = false } = values
  return action ? act(target, action, words[0] as string, json) : list(target, json)
}

async function list(target: string, json: boolean): Promise<number> {
  const all = await askRunning(target, (client) => client.ask<ServiceStatus[]>('services'))
  if (json) for (const one of all) console.log(lineOf(one))
  else for (const line of serviceLines(all)) console.log(line)
  return 0
}

async function act(target: string, action: string, id: string, json: boolean): Promise<number> {
  const status = await askRunning(target, (client) =>
    client.ask<ServiceStatus>('service', { id, do: action }),
  )
  if (json) console.log(lineOf(status))
  else for (const line of serviceLines([status])) console.log(line)
  return 0
}

function serviceLines(all: readonly ServiceStatus[]): string[] {
  if (all.length === 0) return ['no services']
  const rows = all.map(({ id, status, wanted, since, restarts, lastError = '' }) => {
    return [id, status, wanted, new Date(since).toISOString(), String(restarts), lastError]
  })
  return table(
    [['SERVICE', 'STATUS', 'WANTED', 'SINCE', 'RESTARTS', 'LAST ERROR'], ...rows],
    'left',
  )
}

// zmanager scale, finish and reload: what an operator tells a ZManager that runs.
// Not in here: how it is found and asked (src/cli/running.ts).

import type { Totals } from '../../index.ts'
import type { Reloaded } from '../../manager/program/reload.ts'
import { MOST_WORKERS } from '../../manager/worker/workforce.ts'
import { type Command, parseFlags, UsageError } from '../command.ts'
import { askRunning, TARGET_HELP } from '../running.ts'
import { totalsLines } from '../summary.ts'
import { visible } from '../table.ts'
import { lineOf } from '../values.ts'

const JSON_FLAG = { json: { type: 'boolean' } } as const

export const scale: Command = {
  name: 'scale',
  summary: 'change the number of workers of a ZManager that runs',
  help: `Usage: zmanager scale <zmanager.ini> <workers> [--json]

Changes how many workers a running ZManager has. Ends when the new ones are ready, or those too many have
finished what they had and ended; their names go to stdout.

${TARGET_HELP}
  workers         a whole number from 1 to ${MOST_WORKERS}; 0 where it has remote_workers
  --json          {"workers": ["worker-1", ...]}

Exit code: 0 done, 1 it could not be done or no ZManager runs there, 2 wrong usage or configuration.

Example:
  zmanager scale zmanager.ini 8`,

  async run(args) {
    const { values, positionals } = parseFlags(args, JSON_FLAG)
    const [target, number = '', ...more] = positionals
    if (target === undefined || more.length > 0)
      throw new UsageError('scale takes a zmanager.ini and a number of workers')
    if (!/^\d{1,9}$/.test(number) || Number(number) > MOST_WORKERS) {
      const range = `a whole number up to ${MOST_WORKERS}`
      throw new UsageError(`The number of workers is ${range}, not '${number}'`)
    }
    const result = await askRunning(target, (client) =>
      client.ask<{ workers: string[] }>('resize', { workers: Number(number) }),
    )
    console.log(values.json ? lineOf(result) : `workers: ${result.workers.join(', ') || 'none'}`)
    return 0
  },
}

export const finish: Command = {
  name: 'finish',
  summary: 'let a ZManager that runs finish and end',
  help: `Usage: zmanager finish <zmanager.ini> [--now] [--json]

A running ZManager takes nothing new, finishes what it has accepted and ends. The counts go to stdout
when it has; Ctrl-C ends only the waiting for that.

${TARGET_HELP}
  --now           only what workers have at this moment is finished, the rest fails with ESTOPPED (with a
                  journal it runs after the next start)
  --json          the counts as one JSON object: {accepted, done, failed, expired, dead, inFlight, flows,
                  workers, failures ...}

Exit code: 0 it has ended and nothing was given up, 1 messages were given up, or no ZManager runs there,
2 wrong usage or configuration, 130 Ctrl-C.

Examples:
  zmanager finish zmanager.ini
  zmanager finish tcp://localhost:19036 --now --json`,

  async run(args) {
    const { values, positionals } = parseFlags(args, { ...JSON_FLAG, now: { type: 'boolean' } })
    const target = onlyTarget('finish', positionals)
    const command = values.now ? 'stop' : 'finish'
    const totals = await askRunning(target, async (client) => {
      if (!values.now && !values.json) tellRest(await client.ask<Totals>('totals'))
      return client.ask<Totals>(command)
    })
    for (const line of values.json ? [lineOf(totals)] : totalsLines(totals)) console.log(line)
    return (totals.failures['ESTOPPED'] ?? 0) > 0 ? 1 : 0
  },
}

export const reload: Command = {
  name: 'reload',
  summary: 'have a ZManager that runs read its files again',
  help: `Usage: zmanager reload <zmanager.ini> [--json]

A running ZManager reads its flows, mappings and handlers again. What began before ends as it began. What
is odd in the files goes to stderr.

${TARGET_HELP}
  --json          {"flows": [names of those that changed], "warnings": [{file, line, message}]}

Exit code: 0 the new files are in force, 1 they are not (the old ones still are) or no ZManager runs
there, 2 wrong usage or configuration.

Example:
  zmanager reload zmanager.ini`,

  async run(args) {
    const { values, positionals } = parseFlags(args, JSON_FLAG)
    const target = onlyTarget('reload', positionals)
    const result = await askRunning(target, (client) => client.ask<Reloaded>('reload'))
    for (const { file, line, message } of values.json ? [] : result.warnings)
      console.error(visible(`${file}:${line}: warning: ${message}`))
    const changed = result.flows.map(visible).join(', ') || 'none'
    console.log(values.json ? lineOf(result) : `reloaded; flows that changed: ${changed}`)
    return 0
  },
}

/** What is waited for may take long: answers have as long as their flow says, or without end. */
function tellRest({ inFlight, waiting }: Totals): void {
  if (inFlight === 0) return
  const answers = waiting === 0 ? '' : `, ${waiting} wait for an answer`
  console.error(`in flight: ${inFlight}${answers} (--now ends without them)`)
}

function onlyTarget(name: string, [target, ...more]: readonly string[]): string {
  if (target !== undefined && more.length === 0) return target
  throw new UsageError(`${name} takes one zmanager.ini`)
}

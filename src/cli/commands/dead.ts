// zmanager dead: the dead letters of a ZManager that runs, to look at and to send again.
// Not in here: how it is found and asked (src/cli/running.ts).

import type { DeadLetter } from '../../index.ts'
import { type Command, parseFlags, UsageError } from '../command.ts'
import { askRunning, TARGET_HELP } from '../running.ts'
import { visible } from '../table.ts'
import { lineOf, plain } from '../values.ts'

const HELP = `Usage: zmanager dead list <zmanager.ini> [options]
       zmanager dead replay [id] <zmanager.ini> [options]

Dead letters are messages that took as many workers with them as their flow allows. list prints them, the
oldest first: since when, flow, action key, id, how many workers, code, why. replay sends one of
them again, or all, as messages that nobody tried yet.

${TARGET_HELP}
  --limit N       list no more than N; default 1000
  --json          list: one JSON object a line, {header: {id, flow, key, at, ...}, error: {code, step,
                  message, retryable}, at, times}. replay: {"replayed": n}

Exit code: 0 done, 1 there is none of this id or no ZManager runs there, 2 wrong usage or configuration.

Examples:
  zmanager dead list zmanager.ini
  zmanager dead list zmanager.ini --json | jq -r .header.id
  zmanager dead replay 0b6d5a9e-7a0c-4b43-9f0e-1c2d3e4f5a6b zmanager.ini
  zmanager dead replay zmanager.ini`

interface Listed {
  readonly count: number
  readonly letters: readonly DeadLetter[]
}

export const dead: Command = {
  name: 'dead',
  summary: 'list the dead letters of a ZManager that runs, or replay them',
  help: HELP,
  run: (args) => runDead(args),
}

const FLAGS = { json: { type: 'boolean' }, limit: { type: 'string' } } as const

async function runDead(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(args, FLAGS)
  const [verb, ...words] = positionals
  const target = words.at(-1)
  const most = verb === 'list' ? 1 : verb === 'replay' ? 2 : 0
  if (target === undefined || words.length > most)
    throw new UsageError('dead takes list or replay [id], and a zmanager.ini')
  const id = words.length === 2 ? words[0] : undefined
  if (id !== undefined && isTarget(id) && !isTarget(target))
    throw new UsageError(`The id stands before the zmanager.ini: dead replay ${target} ${id}`)
  const { json = false, limit } = values
  if (verb === 'list') return list(target, limit === undefined ? {} : limitOf(limit), json)
  return replay(target, id === undefined ? {} : { id }, json)
}

/** Whether this can only be a zmanager.ini or a control endpoint, and no id. */
function isTarget(word: string): boolean {
  return /\.ini$|:\/\//.test(word)
}

function limitOf(text: string): { limit: number } {
  if (/^\d{1,9}$/.test(text)) return { limit: Number(text) }
  throw new UsageError(`--limit is a whole number, not '${text}'`)
}

async function list(target: string, args: object, json: boolean): Promise<number> {
  const { count, letters } = await askRunning(target, (client) =>
    client.ask<Listed>('dead.list', { ...args }),
  )
  for (const letter of letters) console.log(json ? lineOf(letter) : textOf(letter))
  if (letters.length < count) console.error(`${letters.length} of ${count} dead letters (--limit)`)
  else if (count === 0 && !json) console.log('no dead letters')
  return 0
}

async function replay(target: string, args: object, json: boolean): Promise<number> {
  const result = await askRunning(target, (client) =>
    client.ask<{ replayed: number }>('dead.replay', { ...args }),
  )
  console.log(json ? lineOf(result) : `${result.replayed} sent again`)
  return 0
}

function textOf({ header, error, at, times }: DeadLetter): string {
  const { flow, key, id } = header
  const words = [new Date(at).toISOString(), visible(flow) || '-', visible(key), plain(id)]
  return [...words, `${times} workers`, `${plain(error.code)}:`, lineOf(error.message)].join(' ')
}

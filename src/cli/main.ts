#!/usr/bin/env node
// The zmanager command: finds the subcommand, turns errors into a line and an exit code.

import { readFileSync } from 'node:fs'
import { ZmqError } from '../index.ts'
import { type Command, Failure, UsageError } from './command.ts'
import { bench } from './commands/bench.ts'
import { check } from './commands/check.ts'
import { dead } from './commands/dead.ts'
import { device } from './commands/device.ts'
import { finish, reload, scale } from './commands/operate.ts'
import { run } from './commands/run.ts'
import { send } from './commands/send.ts'
import { services } from './commands/services.ts'
import { tail } from './commands/tail.ts'
import { top } from './commands/top.ts'
import { worker } from './commands/worker.ts'
import { exit } from './exit.ts'

const COMMANDS: readonly Command[] = [
  ...[run, worker, check, send, tail],
  ...[top, dead, scale, finish, reload, services],
  ...[device, bench],
]

const HELP = `zmanager - ZeroMQ's patterns and ZManager's flows, in pure TypeScript

Usage: zmanager <command> [options]

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`).join('\n')}

zmanager <command> --help tells more. zmanager --version prints the version.

All commands have --json, for programs: results as JSON on stdout, errors as
{"error": {"code", "message"}} on stderr. Colour only on a terminal, and not with NO_COLOR.

Exit code: 0 all went well, 1 something failed, 2 wrong usage or configuration,
130 ended by Ctrl-C (SIGINT), 143 by SIGTERM, 129 by SIGHUP.

Examples:
  zmanager check examples/earthquakes/zmanager.ini
  zmanager run examples/earthquakes/zmanager.ini --input examples/earthquakes/earthquakes.ndjson
  zmanager run zmanager.ini --serve
  zmanager top zmanager.ini`

async function main(args: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = args
  if (name === '--help' || name === '-h' || name === 'help') return print(HELP)
  if (name === '--version' || name === '-v') return print(version())
  const command = COMMANDS.find((known) => known.name === name)
  if (!command)
    throw new UsageError(
      `There is no command '${name}' (there is ${COMMANDS.map((c) => c.name).join(', ')})`,
    )
  if (rest.includes('--help') || rest.includes('-h')) return print(command.help)
  return command.run(rest)
}

function print(text: string): number {
  console.log(text)
  return 0
}

function version(): string {
  const { version } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  return version
}

/** Says what went wrong, to people without a stack. */
function explain(error: unknown): number {
  const isExpected = [UsageError, ZmqError, Failure].some((kind) => error instanceof kind)
  const unnamed = error instanceof UsageError ? 'EUSAGE' : 'EIO'
  const { code = unnamed, message } = error as Error & { code?: string }
  if (args.includes('--json')) console.error(JSON.stringify({ error: { code, message } }))
  else if (error instanceof UsageError) console.error(`zmanager: ${message}\nTry: ${hint()}`)
  else if (isExpected) console.error(`zmanager: ${message} (${code})`)
  else console.error(error)
  return isExpected && !(error instanceof Failure) ? 2 : 1
}

/** The help of the command that was meant, or that of all. */
function hint(): string {
  const command = COMMANDS.find(({ name }) => name === args[0])
  return ['zmanager', ...(command ? [command.name] : []), '--help'].join(' ')
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' && args[0] !== 'run') exit(0) // whoever read has seen enough
  exit(explain(new Failure(error.code ?? 'EIO', `Cannot write to stdout: ${error.message}`)))
})
process.stderr.on('error', () => {}) // nobody reads what is told: the work goes on
const args = process.argv.slice(2)
const code = await main(args).catch(explain)
await new Promise((written) => process.stdout.write('', written)) // and whether it could be written is known
exit(code)

#!/usr/bin/env node
// The zmanager command: finds the subcommand, turns errors into a line and an exit code.
// Exit codes: 0 all went well, 1 something failed, 2 wrong usage or configuration.

import { readFileSync } from 'node:fs'
import { ZmqError } from '../index.ts'
import { type Command, UsageError } from './command.ts'
import { bench } from './commands/bench.ts'
import { check } from './commands/check.ts'
import { device } from './commands/device.ts'
import { run } from './commands/run.ts'
import { send } from './commands/send.ts'
import { tail } from './commands/tail.ts'

const COMMANDS: readonly Command[] = [run, check, send, tail, device, bench]

const HELP = `zmanager - ZeroMQ's patterns and ZManager's flows, in pure TypeScript

Usage: zmanager <command> [options]

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`).join('\n')}

zmanager <command> --help tells more. zmanager --version prints the version.

Exit code: 0 all went well, 1 something failed, 2 wrong usage or configuration.

Example:
  zmanager check examples/earthquakes/zmanager.ini`

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

/** What a person reads instead of a stack. */
function explain(error: unknown): number {
  if (error instanceof UsageError) console.error(`zmanager: ${error.message}\nTry: zmanager --help`)
  else if (error instanceof ZmqError) console.error(`zmanager: ${error.message} (${error.code})`)
  else console.error(error)
  return error instanceof UsageError || error instanceof ZmqError ? 2 : 1
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0) // whoever read has seen enough
  throw error
})
process.exit(await main(process.argv.slice(2)).catch(explain))

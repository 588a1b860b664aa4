// What a subcommand is, and how it reads its arguments.

import { existsSync } from 'node:fs'
import { type ParseArgsConfig, parseArgs } from 'node:util'

export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  readonly help: string
  /**
   * Resolves with the exit code. Rejects with UsageError or ZmqError for what the user can mend in the
   * command line or a file, and with Failure for what was asked rightly and did not work.
   */
  run(args: readonly string[]): Promise<number>
}

/** The command line is wrong. */
export class UsageError extends Error {}

/** It was asked rightly and did not work: exit code 1. */
export class Failure extends Error {
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

type Flags = NonNullable<ParseArgsConfig['options']>
type Parsed<F extends Flags> = ReturnType<typeof parseArgs<{ options: F; allowPositionals: true }>>

/** `parseArgs`, with UsageError for what it does not understand. */
export function parseFlags<F extends Flags>(args: readonly string[], options: F): Parsed<F> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true }) as Parsed<F>
  } catch (error) {
    throw new UsageError(complaint(error as NodeJS.ErrnoException, Object.keys(options)))
  }
}

/** What a command is about that was told nothing else: that of the current folder. */
export const USUAL_FILE = 'zmanager.ini'

/** The one file, or endpoint, that a command is about. Throws UsageError when there is none, or more. */
export function onlyFile(command: string, [file, ...more]: readonly string[]): string {
  if (more.length > 0) throw new UsageError(`${command} takes one ${USUAL_FILE}`)
  if (file !== undefined) return file
  if (existsSync(USUAL_FILE)) return USUAL_FILE
  throw new UsageError(`${command} takes one ${USUAL_FILE}: there is none in this folder`)
}

/** Node's words; where it talks of positional arguments, the options there are instead. */
function complaint({ code, message }: NodeJS.ErrnoException, names: readonly string[]): string {
  if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return message
  const known = names.map((name) => `--${name}`).join(', ')
  return `${message.split('. ')[0]} (there is ${known})`
}

// What a subcommand is.

export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  readonly help: string
  /** Resolves with the exit code. Rejects with UsageError or ZmqError for what the user can mend. */
  run(args: readonly string[]): Promise<number>
}

/** The command line is wrong. */
export class UsageError extends Error {}

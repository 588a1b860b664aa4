// A child process of the matrix, as the matrix sees it. Every question has a limit.

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Answers, CommandOf, CommandType, Reply } from './protocol.ts'
import { Questions } from './questions.ts'
import { STATION_VARIABLE } from './stations.ts'

const SOURCE = fileURLToPath(new URL('station.ts', import.meta.url))
const KEPT_OUTPUT = 2000

export class Party {
  readonly seats: readonly string[]
  /** Rejects with the reason when the process has ended. */
  readonly ended: Promise<never>
  readonly #child: ChildProcess
  readonly #questions = new Questions()
  #output = ''

  constructor(where: 'inline' | 'threads', seats: readonly string[]) {
    this.seats = seats
    const built = process.env[STATION_VARIABLE]
    this.#child = fork(built ?? SOURCE, [where, ...seats], {
      execArgv: built ? [] : ['--import', import.meta.resolve('tsx')],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.stderr?.on('data', (data) => {
      this.#output = (this.#output + data).slice(-KEPT_OUTPUT)
    })
    this.#child.on('message', (reply: Reply) => this.#questions.settle(reply))
    this.ended = new Promise((_resolve, reject) => {
      this.#child.on('error', reject)
      this.#child.on('close', (code, signal) => reject(this.#obituary(code, signal)))
    })
    this.ended.catch((reason: Error) => this.#questions.end(reason))
  }

  ask<T extends CommandType>(
    seat: string,
    command: CommandOf<T>,
    limitMs: number,
  ): Promise<Answers[T]> {
    const post = (id: number): void => {
      this.#child.send({ id, seat, command }, () => {}) // `close` tells if it did not arrive
    }
    const what = `${seat} (${command.type})`
    return this.#questions.ask(post, what, limitMs) as Promise<Answers[T]>
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #obituary(code: number | null, signal: string | null): Error {
    const lines = this.#output.trim().split('\n')
    const said = lines.find((line) => /error/i.test(line)) ?? lines.at(-1)
    const how = signal === null ? `with code ${code}` : `by ${signal}`
    return new Error(`${this.seats.join(' + ')} process ended ${how}${said ? `: ${said}` : ''}`)
  }
}

// A side in a worker thread of this process. Node 20 cannot start a worker on a .ts file, so the
// worker starts on a line of code that registers tsx first.

import { Worker } from 'node:worker_threads'
import type { Answers, CommandOf, CommandType, Handler, Reply } from './protocol.ts'
import { Questions } from './questions.ts'

const TSX = import.meta.resolve('tsx/esm/api')
const ENTRY = new URL('side-thread.ts', import.meta.url).href
const BOOT = `import(${JSON.stringify(TSX)})
  .then(({ register }) => { register(); return import(${JSON.stringify(ENTRY)}) })`

export class SideThread implements Handler {
  readonly #seat: string
  readonly #worker = new Worker(BOOT, { eval: true })
  readonly #questions = new Questions()

  constructor(seat: string) {
    this.#seat = seat
    this.#worker.on('message', (reply: Reply) => this.#questions.settle(reply))
    // What fails outside of a question would leave the other side waiting: it ends the process.
    this.#worker.on('error', (error) => {
      console.error(`${seat} thread: ${error.stack ?? error.message}`)
      process.exit(1)
    })
    this.#worker.on('exit', (code) =>
      this.#questions.end(new Error(`${seat} thread ended with code ${code}`)),
    )
  }

  /** Asks without a limit of its own: who asks from outside has one. */
  handle<T extends CommandType>(command: CommandOf<T>): Promise<Answers[T]> {
    const post = (id: number): void => {
      this.#worker.postMessage({ id, seat: this.#seat, command })
    }
    return this.#questions.ask(post, `${this.#seat} thread`, Infinity) as Promise<Answers[T]>
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}

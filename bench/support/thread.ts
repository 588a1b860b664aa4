// A side in a worker thread of this process: the built one, or the source. Node 20 cannot start a
// worker on a .ts file, so that starts on a line of code that registers tsx first.

import { Worker } from 'node:worker_threads'
import type { Answers, CommandOf, CommandType, Handler, Reply } from './protocol.ts'
import { Questions } from './questions.ts'

const BUILT = import.meta.url.endsWith('.mjs')
const entry = (name: string): URL => new URL(name, import.meta.url)

function startWorker(): Worker {
  if (BUILT) return new Worker(entry('side-thread.mjs'))
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const source = JSON.stringify(entry('side-thread.ts').href)
  const boot = `import(${tsx}).then(({ register }) => { register(); return import(${source}) })`
  return new Worker(boot, { eval: true })
}

export class SideThread implements Handler {
  readonly #seat: string
  readonly #worker = startWorker()
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

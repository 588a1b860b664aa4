// A child process that speaks the line protocol of drivers/: orders out, answers in, by number.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const LONGEST_START_MS = 20_000

interface Waiting {
  resolve(value: unknown): void
  reject(reason: Error): void
}

export class ForeignProcess {
  /** What the library calls itself, with its version. */
  version = ''
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #complaints = ''
  #orders = 0

  private constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stderr?.on('data', (data) => {
      this.#complaints += data
    })
    this.#child.stdin?.on('error', () => {}) // of a child that is gone: its orders fail
  }

  /** Resolves when the child said hello; rejects with what it said instead. */
  static async start(command: string, args: readonly string[]): Promise<ForeignProcess> {
    const made = new ForeignProcess(command, args)
    made.version = await made.#hello()
    return made
  }

  #hello(): Promise<string> {
    const child = this.#child
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => child.kill('SIGKILL'), LONGEST_START_MS)
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        clearTimeout(limit)
        const reason = this.#complaints.trim().split('\n').at(-1) || `ended with ${code ?? signal}`
        reject(new Error(reason))
        this.#failAll(reason)
      })
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        const { hello, id, value, error } = JSON.parse(line)
        clearTimeout(limit)
        if (hello !== undefined) resolve(hello)
        else this.#answer(id, value, error)
      })
    })
  }

  #answer(id: number, value: unknown, error: string | undefined): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(value)
    else waiting?.reject(new Error(error))
  }

  #failAll(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(`the peer ended: ${reason}`))
    this.#waiting.clear()
  }

  order(op: string, details: Record<string, unknown>): Promise<unknown> {
    const id = this.#orders++
    const answered = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    answered.catch(() => {}) // one that nobody awaits any more
    this.#child.stdin?.write(`${JSON.stringify({ id, op, ...details })}\n`)
    return answered
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name)
  }

  /** Kills it; resolves when it is gone and its ports and paths are free. */
  kill(): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGKILL')
    return gone
  }
}

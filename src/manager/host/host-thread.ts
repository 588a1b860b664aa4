// A host that is a worker thread of this process.

import { Worker } from 'node:worker_threads'
import { signOfLife } from './alive.ts'
import { endedWith, type Starting } from './host-contract.ts'
import { LEAVE, READY } from './hosted.ts'
import { printsAside } from './print-aside.ts'
import { isTypeScript, readsTypeScript, tsxApi } from './typescript.ts'

export class ThreadHost implements Starting {
  readonly ready: Promise<void>
  readonly exited: Promise<Error | undefined>
  readonly #thread: Worker
  #isAsked = false

  constructor(entry: URL, data: unknown, name: string) {
    const stdout = printsAside()
    this.#thread = new Worker(bootCode(entry), { eval: true, workerData: data, name, stdout })
    if (stdout) this.#thread.stdout.on('data', (text) => process.stderr.write(text))
    this.ready = new Promise((resolve) => {
      this.#thread.on('message', (message) => message === READY && resolve())
    })
    let failure: Error | undefined
    this.#thread.on('error', (error) => {
      failure = error instanceof Error ? error : new Error(String(error))
    })
    this.exited = new Promise((resolve) => {
      this.#thread.on('exit', (code) => {
        const isTerminated = this.#isAsked && code === 1
        resolve(failure ?? (isTerminated ? undefined : endedWith(name, code)))
      })
    })
  }

  alive(): Promise<void> {
    return signOfLife(this.#thread, (word) => this.#thread.postMessage(word))
  }

  leave(): void {
    this.#thread.postMessage(LEAVE)
  }

  async terminate(): Promise<void> {
    this.#isAsked = true
    await this.#thread.terminate()
  }
}

/** Node before 22.18 runs this package's own sources with the help of tsx. */
function bootCode(entry: URL): string {
  const load = `import(${JSON.stringify(entry.href)})`
  if (!isTypeScript(entry.href) || readsTypeScript) return load
  const { cjs, esm } = tsxApi()
  return `require(${JSON.stringify(cjs)}).register()
    import(${JSON.stringify(esm)}).then(({ register }) => (register(), ${load}))`
}

// A host that is a child process: Node with the flags of this one.

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { signOfLife } from './alive.ts'
import { endedWith, type Starting } from './host-contract.ts'
import { type LastWords, LEAVE, READY } from './hosted.ts'
import { printsAside } from './print-aside.ts'
import { isTypeScript, readsTypeScript, tsxApi } from './typescript.ts'

export class ProcessHost implements Starting {
  readonly ready: Promise<void>
  readonly exited: Promise<Error | undefined>
  readonly #child: ChildProcess
  #isAsked = false
  #failure: Error | undefined

  constructor(entry: URL, data: unknown, name: string) {
    this.#child = fork(fileURLToPath(entry), [name], {
      execArgv: flagsFor(entry),
      serialization: 'advanced',
      stdio: ['ignore', printsAside() ? process.stderr.fd : 'inherit', 'inherit', 'ipc'],
    })
    this.ready = new Promise((resolve) => {
      this.#child.on('message', (message) => {
        if (message === READY) resolve()
        else this.#failure ??= errorIn(message)
      })
    })
    this.exited = new Promise((resolve) => {
      this.#child.on('exit', (code, signal) => {
        const isTerminated = this.#isAsked && signal === 'SIGKILL'
        resolve(this.#failure ?? (isTerminated ? undefined : endedWith(name, signal ?? code ?? 0)))
      })
      this.#child.on('error', (error) => {
        if (this.#child.pid === undefined) resolve(error) // it could not even be started
      })
    })
    this.#child.send(data as object, () => {}) // when it is gone already, 'exit' says so
  }

  alive(): Promise<void> {
    return signOfLife(this.#child, (word) => this.#child.send(word, () => {})) // it may be gone
  }

  leave(): void {
    this.#child.send(LEAVE, () => {}) // it may be gone
  }

  async terminate(): Promise<void> {
    this.#isAsked = true
    this.#child.kill('SIGKILL')
    await this.exited
  }
}

/** What does not concern a child: code given on the command line, and the debugger's port. */
const NOT_INHERITED = /^--(?:input-type|inspect|watch|test)/
const WITH_CODE = ['-e', '--eval', '-p', '--print', '-pe']

function flagsFor(entry: URL): string[] {
  const flags = process.execArgv.filter(
    (flag, i, all) =>
      !NOT_INHERITED.test(flag) && ![flag, all[i - 1] ?? ''].some((one) => WITH_CODE.includes(one)),
  )
  if (!isTypeScript(entry.href) || readsTypeScript) return flags
  const { loader } = tsxApi()
  return [...flags, '--import', loader]
}

function errorIn(message: unknown): Error | undefined {
  const told = (message as Partial<LastWords> | null)?.zmanagerError
  if (!told) return undefined
  const { message: text, stack, code } = told
  return Object.assign(new Error(text), code === undefined ? {} : { code }, stack ? { stack } : {})
}

// A worker for a ZManager that runs elsewhere: connects, works, and begins anew, from its files as they
// are then, when the ZManager has gone, sends it away (it does after a reload), or the worker died.
// What is wrong when it begins for the first time ends it; later it is reported and tried again.

import { randomInt, randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { reachable, type ZManagerConfig } from '../config.ts'
import { entryOf, type Host, startHost } from '../host/host.ts'
import type { Sources } from '../program/sources.ts'
import { REFUSAL } from './remote-words.ts'
import { assertRemoteName } from './remotes.ts'
import type { WorkerSettings } from './worker.ts'

export type RemoteState = 'connecting' | 'connected' | 'ended'

export interface RemoteWorkerHooks {
  /** Reads the configuration; called each time it begins. */
  read(): Promise<ZManagerConfig> | ZManagerConfig
  changed(state: RemoteState): void
  /** Something an operator should read. */
  report(text: string): void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000
/** One that lived so long did not die of its start. */
const LONG_MS = 10_000

export class RemoteWorker {
  readonly name: string
  readonly #hooks: RemoteWorkerHooks
  readonly #stopping = new AbortController()
  #host: Host | undefined
  #sources: Sources | undefined
  #earlier: Sources[] = []
  #hasWorked = false
  #pauseMs = FIRST_PAUSE_MS

  /** Throws EINVAL for a name that it cannot have. */
  constructor(name: string, hooks: RemoteWorkerHooks) {
    assertRemoteName(name)
    this.name = name
    this.#hooks = hooks
  }

  /** Resolves when it was stopped and has ended. Rejects with what is wrong, EREFUSED if the ZManager wants it not. */
  async run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const began = performance.now()
      this.#hooks.changed('connecting')
      const error = await this.#session()
      if (signal.aborted) break
      if (error && !this.#hasWorked) throw error
      if (error) this.#hooks.report(`${this.name}: ${error.message}`)
      if (!error || performance.now() - began > LONG_MS) this.#pauseMs = FIRST_PAUSE_MS
      await this.#pause()
    }
    this.#hooks.changed('ended')
  }

  /** Finishes what it has, and ends. */
  stop(): void {
    this.#stopping.abort()
    this.#host?.leave()
  }

  /** Ends at once. */
  async kill(): Promise<void> {
    this.#stopping.abort()
    await this.#host?.terminate()
  }

  /** Resolves with the error that it ended with. */
  async #session(): Promise<Error | undefined> {
    try {
      const config = await this.#hooks.read()
      const settings = this.#settingsOf(config)
      const { signal } = this.#stopping
      this.#host = await startHost(
        config.workerType,
        entryOf('worker-main'),
        settings,
        settings.name,
        signal,
      )
      this.#hooks.changed('connected')
      if (signal.aborted) this.#host.leave()
      const error = await this.#host.exited
      this.#hasWorked ||= (error as NodeJS.ErrnoException | undefined)?.code !== REFUSAL
      return error
    } catch (error) {
      return error as Error
    } finally {
      this.#host = undefined
    }
  }

  #settingsOf(config: ZManagerConfig): WorkerSettings {
    const name = `${this.name}.${randomInt(1e9)}`
    const sources = { flows: config.flows, actions: config.actions }
    if (this.#sources && !isDeepStrictEqual(this.#sources, sources))
      this.#earlier.unshift(this.#sources)
    this.#sources = sources
    return {
      name,
      key: `${name}~${randomUUID()}`,
      progress: undefined,
      isRemote: true,
      subjectPushAddress: reachable(config.subjectPushAddress),
      integrationManagerPullAddress: reachable(config.integrationManagerPullAddress),
      integrationManagerPubAddress: reachable(config.integrationManagerPubAddress),
      prefetch: config.workerPrefetch,
      decorators: config.decorators,
      ...sources,
      earlier: this.#earlier,
    }
  }

  async #pause(): Promise<void> {
    const { signal } = this.#stopping
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#pauseMs)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
  }
}

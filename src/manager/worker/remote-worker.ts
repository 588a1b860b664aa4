// A worker for a ZManager that runs elsewhere: connects, works, and begins anew, from its files as they
// are then, when the ZManager has gone, sends it away (it does after a reload), or the worker died.
// What is wrong when it begins for the first time ends it; later it is reported and tried again.

import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Subscriber } from '../../patterns/sub.ts'
import { reachable, type ZManagerConfig } from '../config.ts'
import { entryOf, type Host, startHost } from '../host/host.ts'
import { programOf } from '../program/program.ts'
import type { Sources } from '../program/sources.ts'
import { GONE, REMOTE_OPTIONS } from './remote-words.ts'
import { assertRemoteName } from './remotes.ts'
import { finishTopic, type WorkerSettings } from './worker.ts'

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
/** One that was told to leave gets so long for it. */
const LEAVE_MS = 2000
/** One that lived so long did not die of its start. */
const LONG_MS = 10_000

export class RemoteWorker {
  readonly name: string
  readonly #hooks: RemoteWorkerHooks
  readonly #stopping = new AbortController()
  #host: Host | undefined
  #sources: Sources | undefined
  #earlier: readonly Sources[] = [] // that are still needed
  #hasWorked = false // it was let in once
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
      this.#hasWorked = true
      this.#hooks.changed('connected')
      if (signal.aborted) this.#host.leave()
      const control = endIfDeaf(this.#host, settings)
      return await this.#host.exited.finally(() => control.close())
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === GONE ? undefined : (error as Error)
    } finally {
      this.#host = undefined
    }
  }

  #settingsOf(config: ZManagerConfig): WorkerSettings {
    const name = `${this.name}.${randomInt(1e9)}`
    const sources = { flows: config.flows, actions: config.actions }
    const before = this.#sources ? [this.#sources, ...this.#earlier] : []
    this.#earlier = programOf(config, before).earlier
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
      maxMessageSize: config.maxMessageSize,
      decorators: config.decorators,
      ...sources,
      earlier: this.#earlier,
    }
  }

  async #pause(): Promise<void> {
    const { signal } = this.#stopping
    await sleep(this.#pauseMs, undefined, { signal }).catch(() => {}) // it was stopped
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
  }
}

/** A worker that hangs does not hear that the ZManager has given it up: this does, and ends it. */
function endIfDeaf(host: Host, settings: WorkerSettings): Subscriber {
  const control = new Subscriber(REMOTE_OPTIONS)
  control.subscribe(finishTopic(settings.name))
  control.connect(settings.integrationManagerPubAddress)
  const told = control.receive().then(() => sleep(LEAVE_MS, undefined, { ref: false }))
  told.then(() => host.terminate()).catch(() => {}) // it ended before
  return control
}

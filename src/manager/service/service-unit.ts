// One service as the ZManager sees it: starts its host, watches it, starts it again when it crashes, with
// pauses that grow, and stops it. Operations run one after the other.
//
//   STOPPED --start--> STARTING --ready--> RUNNING --stop--> STOPPING --> STOPPED
//                         ^ '--cannot--> ERROR   '--crash--> (pause) STARTING, after too many ERROR

import { ZmqError } from '../../core/errors.ts'
import type { ActionKey } from '../../topic/action-key.ts'
import { entryOf, type Host, startHostWithin } from '../host/host.ts'
import type { ServiceAddresses } from './service-bus.ts'
import type { ServiceConfig, ServiceLimits } from './service-config.ts'
import type { ServiceSettings } from './service-runner.ts'
import { fieldsOf } from './service-topics.ts'

/** UNKNOWN: it runs, but did not answer when it was last asked for its health or a sign of life. */
export type ServiceState = 'RUNNING' | 'STOPPED' | 'STOPPING' | 'STARTING' | 'ERROR' | 'UNKNOWN'

export interface ServiceStatus {
  readonly id: string
  readonly status: ServiceState
  /** What it is to be. */
  readonly wanted: 'RUNNING' | 'STOPPED'
  /** Since when it has this status, ms since the epoch. */
  readonly since: number
  /** How often it was started again after a crash, or because it hung. */
  readonly restarts: number
  /** How often it was ended because it hung. */
  readonly hangs: number
  /** Why it last ended or could not start; it stays when all is well again. */
  readonly lastError?: string
}

export interface UnitHooks {
  readonly limits: ServiceLimits
  addresses(): ServiceAddresses
  /** Tells the service to stop. */
  tellToStop(id: string): void
  report(text: string): void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000
/** A service that ran for so long is no crash after a crash, ms. */
const STABLE_MS = 10_000
/** How often it is told to stop: it may have missed it. */
const TELL_MS = 100

export class ServiceUnit {
  readonly config: ServiceConfig
  /** Put and deleted while it runs, and kept through restarts. */
  readonly topics: ActionKey[]
  readonly #hooks: UnitHooks
  #state: Exclude<ServiceState, 'UNKNOWN'> = 'STOPPED'
  #isAnswering = true
  #wanted: ServiceStatus['wanted']
  #since = Date.now()
  #run = 0
  #runsFrom = 0 // monotonic, as the next
  #livedAt = 0 // its last sign of life
  #hung: string | undefined // why it is being ended
  #hangs = 0
  #lastError: string | undefined
  #restarts = 0
  #crashes = 0 // in a row
  #host: Host | undefined
  #starting = new AbortController()
  #pause: NodeJS.Timeout | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(config: ServiceConfig, topics: readonly ActionKey[], hooks: UnitHooks) {
    this.config = config
    this.topics = [...topics]
    this.#wanted = config.status
    this.#hooks = hooks
  }

  get status(): ServiceStatus {
    const { id } = this.config
    const status = this.#state === 'RUNNING' && !this.#isAnswering ? 'UNKNOWN' : this.#state
    const lastError = this.#lastError === undefined ? {} : { lastError: this.#lastError }
    const wanted = this.#wanted
    const counts = { restarts: this.#restarts, hangs: this.#hangs }
    return { id, status, wanted, since: this.#since, ...counts, ...lastError }
  }

  get isUp(): boolean {
    return this.#state === 'RUNNING'
  }

  /** Another number after every start: what was asked of one run says nothing of the next. */
  get run(): number {
    return this.#run
  }

  /** Whether it answered when it was asked in that run. */
  answered(run: number, isAnswering: boolean): void {
    if (run !== this.#run) return
    if (this.#isAnswering !== isAnswering) this.#since = Date.now()
    if (isAnswering) this.#livedAt = performance.now()
    this.#isAnswering = isAnswering
  }

  /** Resolves when the service gives a sign of life; never, if it does not run. */
  alive(): Promise<void> {
    return this.#host?.alive() ?? new Promise(() => {})
  }

  /** Ends a service that runs and hangs; it is started again as after a crash. */
  endHung(limitMs: number): void {
    if (this.#state !== 'RUNNING' || this.#hung !== undefined) return
    this.#hung = `it gave no sign of life for ${limitMs} ms and was ended (hang_timeout)`
    this.#hangs++
    void this.#host?.terminate()
  }

  /** Resolves when it runs. Rejects with the reason why it cannot; its status is ERROR then. */
  start(): Promise<void> {
    this.#wanted = 'RUNNING'
    return this.#next(async () => {
      if (this.#state === 'RUNNING') return
      this.#clearPause()
      this.#crashes = 0
      await this.#bringUp()
    })
  }

  /** Resolves when it has ended, by itself or because its time was over. */
  stop(): Promise<void> {
    this.#wanted = 'STOPPED'
    this.#starting.abort(new ZmqError('ESTOPPED', `Service ${this.config.id} is to stop`))
    return this.#next(() => this.#takeDown())
  }

  restart(): Promise<void> {
    void this.stop()
    return this.start()
  }

  #next(operation: () => Promise<void>): Promise<void> {
    const done = this.#last.then(operation)
    this.#last = done.catch(() => {}) // whoever asked for it is told
    return done
  }

  async #bringUp(): Promise<void> {
    const { id, runIn } = this.config
    const { startMs } = this.#hooks.limits
    if (this.#wanted !== 'RUNNING') throw new ZmqError('ESTOPPED', `Service ${id} is to stop`)
    this.#enter('STARTING')
    this.#starting = new AbortController()
    try {
      const { signal } = this.#starting
      const entry = entryOf('service-main')
      const settings = this.#settings()
      const host = await startHostWithin(startMs, runIn, entry, settings, `service ${id}`, signal)
      this.#host = host
      this.#isAnswering = true
      this.#hung = undefined
      this.#run++
      this.#runsFrom = this.#livedAt = performance.now()
      this.#enter('RUNNING')
      void host.exited.then((error) => this.#exited(host, error))
    } catch (error) {
      const isStopped = this.#starting.signal.reason === error
      if (!isStopped) this.#lastError = (error as Error).message
      this.#enter(isStopped ? 'STOPPED' : 'ERROR')
      throw error
    }
  }

  async #takeDown(): Promise<void> {
    this.#clearPause()
    const host = this.#host
    if (!host) return this.#enter('STOPPED')
    this.#enter('STOPPING')
    const { id } = this.config
    const { stopMs } = this.#hooks.limits
    const again = setInterval(() => this.#hooks.tellToStop(id), TELL_MS)
    const limit = setTimeout(() => {
      this.#lastError = `it did not stop within ${stopMs} ms and was ended`
      this.#hooks.report(`service ${id}: ${this.#lastError}`)
      void host.terminate()
    }, stopMs)
    this.#hooks.tellToStop(id)
    const error = await host.exited
    clearInterval(again)
    clearTimeout(limit)
    if (error) this.#fault(error.message)
    this.#host = undefined
    this.#enter('STOPPED')
  }

  #exited(host: Host, error: Error | undefined): void {
    if (host !== this.#host || this.#state === 'STOPPING') return
    this.#host = undefined
    const reason = this.#hung ?? error?.message ?? 'it ended without having been told to'
    const until = this.#hung === undefined ? performance.now() : this.#livedAt
    if (until - this.#runsFrom >= STABLE_MS) this.#crashes = 0
    this.#fault(reason)
    this.#again()
  }

  /** Starts it again after a pause, or gives it up. */
  #again(): void {
    if (this.#wanted !== 'RUNNING') return this.#enter('STOPPED')
    const { id } = this.config
    const { restarts } = this.#hooks.limits
    if (this.#crashes >= restarts) {
      this.#hooks.report(`service ${id} is not started again (restarts is ${restarts})`)
      return this.#enter('ERROR')
    }
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** this.#crashes++, LONGEST_PAUSE_MS)
    this.#hooks.report(`service ${id} is started again in ${pauseMs} ms`)
    this.#enter('STARTING')
    this.#pause = setTimeout(() => {
      this.#pause = undefined
      void this.#next(() => this.#revive())
    }, pauseMs)
  }

  /** Unless it was started or stopped before or meanwhile. Never rejects. */
  async #revive(): Promise<void> {
    if (this.#state !== 'STARTING' || this.#wanted !== 'RUNNING') return
    this.#restarts++
    try {
      await this.#bringUp()
    } catch (error) {
      if (this.status.status === 'STOPPED') return // what follows is on its way
      this.#hooks.report(`service ${this.config.id}: ${(error as Error).message}`)
      this.#again()
    }
  }

  #fault(reason: string): void {
    this.#lastError = reason
    this.#hooks.report(`service ${this.config.id} ended: ${reason}`)
  }

  #clearPause(): void {
    clearTimeout(this.#pause)
    this.#pause = undefined
  }

  #enter(state: Exclude<ServiceState, 'UNKNOWN'>): void {
    if (state !== this.#state) this.#since = Date.now()
    this.#state = state
  }

  #settings(): ServiceSettings {
    const { id, module, runIn, values, errorThreshold } = this.config
    const addresses = this.#hooks.addresses()
    if (runIn === 'process') assertReachable(id, addresses)
    return {
      id,
      module,
      config: values,
      topics: this.topics.map(fieldsOf),
      errorThreshold,
      drainMs: this.#hooks.limits.stopMs / 2,
      ...addresses,
    }
  }
}

/** Throws EINVAL for addresses that only this process knows. */
function assertReachable(id: string, addresses: ServiceAddresses): void {
  const own = Object.values(addresses).find((one) => String(one).startsWith('inproc:'))
  if (own === undefined) return
  const advice = 'use run_in = thread, or tcp:// and ipc:// addresses'
  throw new ZmqError('EINVAL', `Service ${id}, a process, cannot reach ${own}: ${advice}`)
}

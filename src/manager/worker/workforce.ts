// All workers: those of this ZManager (pool.ts) and those that others started (remotes.ts). What either
// kind has is in a lane of the dispatch; when a worker is gone, and all it had sent was counted, what
// it left is settled. Knows no flows and no sockets.

import { ZmqError } from '../../core/errors.ts'
import type { Message } from '../../core/message.ts'
import type { Dispatch } from '../course/dispatch.ts'
import type { Lane } from '../course/lane.ts'
import { messageOf, type Work } from '../course/work.ts'
import type { HostKind } from '../host/host.ts'
import { placeOf } from '../totals.ts'
import type { Member } from './member.ts'
import { Pool } from './pool.ts'
import { type Progress, UNKNOWN_PROGRESS } from './progress.ts'
import { refusalMessage, welcomeMessage } from './remote-words.ts'
import { Remotes } from './remotes.ts'
import type { WorkerSettings } from './worker.ts'

export interface WorkforceHooks {
  readonly workerType: HostKind
  readonly workerRestarts: number
  readonly workerStartTimeout: number
  readonly remoteWorkers: boolean
  readonly finishMs: number
  settings(member: Member): WorkerSettings
  /** What the flows in force are known by. */
  flowsHash(): string
  /** Gives a message to whom this key belongs; false if nobody is connected under it. */
  send(key: string, message: Message): boolean
  /** Whether the Integration Manager still hears whom this key belongs to. */
  isHeard(key: string): boolean
  /** Tells a worker to end. */
  finish(worker: string): void
  /** A worker is gone, and what it left is to be settled. */
  lost(worker: string, isHung: boolean): void
  /** Messages may be given out that could not be before, or a worker has nothing left. */
  changed(): void
  /** There is no worker left, and none will come. */
  abandoned(): void
  /** Something an operator should read. */
  report(text: string): void
}

/** Each is a thread or a process: who asks for more has mistyped it. */
export const MOST_WORKERS = 1000

export class Workforce {
  readonly #dispatch: Dispatch
  readonly #hooks: WorkforceHooks
  readonly #pool: Pool
  readonly #remotes: Remotes
  readonly #gone = new Map<string, string>() // key -> name: died; their last words may be on the way
  readonly #hung = new Set<string>()
  readonly #emptied = new Map<string, () => void>() // who waits for a worker to have nothing left

  constructor(dispatch: Dispatch, hooks: WorkforceHooks) {
    this.#dispatch = dispatch
    this.#hooks = hooks
    const { workerType, workerRestarts, workerStartTimeout, finishMs, remoteWorkers } = hooks
    const forBoth = {
      finishMs,
      emptied: (worker: string) => this.#whenEmpty(worker),
      finish: (worker: string) => hooks.finish(worker),
      report: (text: string) => hooks.report(text),
    }
    this.#pool = new Pool({
      ...forBoth,
      workerType,
      workerRestarts,
      workerStartTimeout,
      settings: (member) => hooks.settings(member),
      opened: ({ name, progress }) => this.#opened(name, progress),
      died: ({ name, key }) => this.#died(name, key),
      abandoned: () => {
        if (!remoteWorkers) hooks.abandoned()
      },
    })
    this.#remotes = new Remotes({
      ...forBoth,
      remoteWorkers,
      flowsHash: () => hooks.flowsHash(),
      isOpen: (name) => dispatch.lane(name) !== undefined,
      opened: (name) => this.#opened(name, UNKNOWN_PROGRESS),
      died: (name, key) => void this.#died(name, key),
      welcome: (key) => void hooks.send(key, welcomeMessage()),
      refuse: (key, reason) => void hooks.send(key, refusalMessage(reason)),
    })
  }

  /** Names of the workers that are up. */
  get workers(): string[] {
    return [...this.#pool.workers, ...this.#remotes.workers]
  }

  /** Of these, those of this ZManager; and how many of them there are to be. */
  get local(): { readonly workers: readonly string[]; readonly size: number } {
    return this.#pool
  }

  /** No worker is up, and none will be. */
  get isAlone(): boolean {
    return this.#pool.isAlone && !this.#hooks.remoteWorkers
  }

  /** Whether there is or was a worker in this place. */
  knows(place: string): boolean {
    return this.#pool.knows(place) || this.#remotes.knows(place)
  }

  /** As `ZManager.resize`. */
  async resize(count: number): Promise<void> {
    const least = this.#hooks.remoteWorkers ? 0 : 1
    const isFit = Number.isSafeInteger(count) && count >= least && count <= MOST_WORKERS
    if (isFit) return this.#pool.resize(count)
    const text = `A ZManager has a whole number of workers from ${least} to ${MOST_WORKERS}, not ${count}`
    throw new ZmqError('EINVAL', text)
  }

  /** As `Pool.renew`. */
  renew(): Promise<void> {
    return this.#pool.renew()
  }

  /** Sends those away that others started: they come again, and are looked at anew. */
  dismissRemotes(): void {
    void this.#remotes.dismiss()
  }

  /** As `Pool.stop`. */
  async stop(reason: Parameters<Pool['stop']>[0]): Promise<void> {
    await Promise.all([this.#pool.stop(reason), this.#remotes.stop()])
  }

  /** As `Supervisor.kill`. */
  async kill(worker: string): Promise<void> {
    if (!this.#giveUp(worker)) await this.#pool.terminate(worker)
  }

  /** Whoever says to be this worker is connected, with these flows. */
  attached(key: string, flows: string | undefined): void {
    if (this.#gone.has(key)) this.left(key) // it is back before it heard that it was let in
    if (!this.#pool.attached(key)) this.#remotes.attached(key, flows)
  }

  /** A connection of whoever has this key is gone. */
  detached(key: string): void {
    this.#pool.detached(key)
    this.#remotes.detached(key)
  }

  wantsToLeave(key: string): void {
    this.#remotes.wantsToLeave(key)
  }

  /** All that was sent under this key has been counted. */
  left(key: string): void {
    const worker = this.#gone.get(key)
    if (worker === undefined) return this.detached(key)
    this.#gone.delete(key)
    this.#hooks.lost(worker, this.#hung.delete(worker))
    if (this.isAlone) this.#hooks.abandoned() // what it had waits again, for nobody
    this.#hooks.changed()
  }

  /** Sends a message to the worker that has it. One whose connection broke is ended, and others get what it had. */
  give(lane: Lane, work: Work): void {
    const key = this.#pool.keyOf(lane.worker) ?? this.#remotes.keyOf(lane.worker)
    if (key !== undefined && this.#hooks.send(key, messageOf(work))) return
    lane.isOpen = false
    if (key !== undefined) this.detached(key)
  }

  /** Ends those that have had one message for longer than its lease. */
  endOverdue(nowMs: number): void {
    for (const lane of this.#dispatch.lanes) if (lane.isOverdue(nowMs)) this.#hangs(lane)
  }

  /** Has those go who wait until they have nothing left. */
  closeEmptied(): void {
    for (const [worker, resolve] of this.#emptied) {
      if (this.#dispatch.lane(worker)?.load) continue
      this.#emptied.delete(worker)
      this.#dispatch.close(worker, () => true)
      resolve()
    }
  }

  #opened(name: string, progress: Progress): void {
    this.#dispatch.open(name, progress)
    this.#hooks.changed()
  }

  #died(name: string, key: string): boolean {
    const lane = this.#dispatch.lane(name)
    if (lane) lane.isOpen = false
    this.#gone.set(key, name)
    if (!this.#hooks.isHeard(key)) this.left(key)
    return (lane?.ended ?? 0) > 0
  }

  /** False if it is a worker of this ZManager, or of nobody. What a remote one sends later comes too late. */
  #giveUp(worker: string): boolean {
    const key = this.#remotes.keyOf(worker) ?? this.#goneKeyOf(worker)
    if (key === undefined) return false
    this.#remotes.cut(worker)
    if (this.#gone.has(key)) this.left(key)
    return true
  }

  /** Of a remote worker that gets nothing more and may still send. */
  #goneKeyOf(worker: string): string | undefined {
    if (this.#pool.knows(placeOf(worker))) return undefined // it is dead: its last words come soon
    return [...this.#gone].find(([, name]) => name === worker)?.[0]
  }

  #whenEmpty(worker: string): Promise<void> {
    const lane = this.#dispatch.lane(worker)
    if (lane) lane.isOpen = false
    return new Promise((resolve) => {
      this.#emptied.set(worker, resolve)
      this.#hooks.changed()
    })
  }

  #hangs(lane: Lane): void {
    const { worker } = lane
    if (this.#hung.has(worker)) return
    lane.isOpen = false
    this.#hung.add(worker)
    this.#hooks.report(`${worker} hangs and is ended: it had a message for longer than its lease`)
    this.kill(worker).catch(() => {}) // it has just ended by itself
  }
}

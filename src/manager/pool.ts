// The worker threads: as many as asked for, each in a place of its own. A thread that dies is replaced,
// with pauses that grow while its successors die too; a thread that is not needed any more leaves
// when it has finished what it has.
//
//   place 1: worker-1, then worker-1.1 ...      place 2: worker-2 ...

import type { ZmqError } from '../core/errors.ts'
import { type Member, makeMember, type Place } from './member.ts'
import type { WorkerSettings } from './worker.ts'
import { startWorkerThread } from './worker-thread.ts'

export interface PoolHooks {
  /** How often in a row a thread is replaced that died without having ended a message. */
  readonly workerRestarts: number
  /** How long a worker that was told to finish has for it, ms. */
  readonly finishMs: number
  settings(member: Member): WorkerSettings
  /** The worker is up and connected. */
  opened(member: Member): void
  /** The worker's thread ended; true if it had ended messages. */
  died(member: Member): boolean
  /** Nothing new for this worker; resolves when it has nothing left, or is dead. */
  emptied(worker: string): Promise<void>
  /** Tells a worker to end. */
  finish(worker: string): void
  /** There is no worker left, and none will come. */
  abandoned(): void
  /** Something an operator should read. */
  report(text: string): void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000
const TELL_MS = 50

export class Pool {
  readonly #hooks: PoolHooks
  readonly #places = new Map<number, Place>()
  readonly #members = new Map<string, Member>()
  readonly #starting = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  #largest = 0 // number of a place there ever was
  #successors = 0

  constructor(hooks: PoolHooks) {
    this.#hooks = hooks
  }

  /** Names of the workers that are up. */
  get workers(): string[] {
    return [...this.#members.values()].filter(({ thread }) => thread).map(({ name }) => name)
  }

  /** No worker is up, and none will be. */
  get isAlone(): boolean {
    return this.#places.size === 0 && this.#members.size === 0
  }

  /** Whether there is or was a place of this name. */
  knows(place: string): boolean {
    const number = /^worker-([1-9]\d{0,8})$/.exec(place)?.[1]
    return number !== undefined && Number(number) <= this.#largest
  }

  keyOf(worker: string): string | undefined {
    return this.#members.get(worker)?.key
  }

  /**
   * Resolves when there are `count` workers: all ready, and those too many ended. Rejects with the
   * reason why one is not.
   */
  async resize(count: number): Promise<void> {
    const surplus = [...this.#places.values()].filter(({ number }) => number > count)
    const numbers = Array.from({ length: count }, (_, i) => i + 1)
    const missing = numbers.filter((number) => !this.#places.has(number))
    const leaving = surplus.map((place) => this.#abolish(place))
    const starting = missing.map((number) => this.#found(number))
    const settled = await Promise.allSettled([...leaving, ...starting])
    const failed = settled.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
  }

  /** All workers finish what they have and end, or are ended after `finishMs`; `reason` ends those that only start. */
  async stop(reason: ZmqError): Promise<void> {
    this.#stopping.abort(reason)
    for (const { pause } of this.#places.values()) clearTimeout(pause)
    const members = [...this.#members.values()].filter(({ thread }) => thread)
    const limit = setTimeout(() => {
      for (const { thread } of members) void thread?.terminate()
    }, this.#hooks.finishMs)
    await Promise.all(members.map((member) => this.#leave(member)))
    await Promise.allSettled(this.#starting)
    clearTimeout(limit)
  }

  /** Ends a worker's thread at once, as a crash would. */
  async terminate(worker: string): Promise<void> {
    await this.#members.get(worker)?.thread?.terminate()
  }

  /** Whoever has this key is connected to the Subject. */
  attached(key: string): void {
    const member = this.#withKey(key)
    if (!member || member.isAttached) return
    member.isAttached = true
    this.#open(member)
  }

  /** A connection of whoever has this key broke: what was on its way may be lost, and the worker goes. */
  detached(key: string): void {
    const member = this.#withKey(key)
    if (member && !member.leaving) void member.thread?.terminate()
  }

  #withKey(key: string): Member | undefined {
    return [...this.#members.values()].find((member) => member.key === key)
  }

  /** A new place with its first worker; without one there is no place. */
  async #found(number: number): Promise<void> {
    const place: Place = { number, deaths: 0, isLeft: false, pause: undefined }
    const isNew = number > this.#largest
    this.#largest = Math.max(this.#largest, number)
    this.#places.set(number, place)
    try {
      await this.#start(place, isNew ? `worker-${number}` : this.#successorName(place))
    } catch (error) {
      this.#places.delete(number)
      throw error
    }
  }

  async #abolish(place: Place): Promise<void> {
    this.#places.delete(place.number)
    place.isLeft = true
    clearTimeout(place.pause)
    const members = [...this.#members.values()].filter((member) => member.place === place)
    await Promise.all(members.map((member) => this.#leave(member)))
  }

  /** A worker that is only starting ends as soon as it is up. */
  #leave(member: Member): Promise<void> {
    member.leaving ??= member.thread ? this.#finish(member) : member.over
    return member.leaving
  }

  async #finish(member: Member): Promise<void> {
    await this.#hooks.emptied(member.name)
    const tell = (): void => this.#hooks.finish(member.name)
    const again = setInterval(tell, TELL_MS) // it may have missed it
    const limit = setTimeout(() => void member.thread?.terminate(), this.#hooks.finishMs)
    tell()
    await member.over
    clearInterval(again)
    clearTimeout(limit)
  }

  #successorName({ number }: Place): string {
    return `worker-${number}.${++this.#successors}`
  }

  #start(place: Place, name: string): Promise<void> {
    const member = makeMember(place, name)
    const starting = this.#bringUp(member).finally(() => this.#starting.delete(starting))
    this.#starting.add(starting)
    return starting
  }

  async #bringUp(member: Member): Promise<void> {
    const { signal } = this.#stopping
    this.#members.set(member.name, member)
    try {
      const thread = await startWorkerThread(this.#hooks.settings(member), signal)
      if (signal.aborted || member.leaving) await thread.terminate()
      signal.throwIfAborted()
      if (member.leaving) return this.#forget(member)
      member.thread = thread
      thread.on('error', (error) => this.#hooks.report(`${member.name}: ${error?.stack ?? error}`))
      thread.on('exit', () => this.#exited(member))
      this.#open(member)
      await Promise.race([member.opened, member.over])
    } catch (error) {
      this.#forget(member)
      throw error
    }
  }

  #open(member: Member): void {
    if (!member.thread || !member.isAttached) return
    member.open()
    if (!member.leaving) this.#hooks.opened(member)
  }

  #forget(member: Member): void {
    this.#members.delete(member.name)
    member.end()
  }

  #exited(member: Member): void {
    this.#forget(member)
    const hadEnded = this.#hooks.died(member)
    if (this.#stopping.signal.aborted || member.leaving) return
    if (hadEnded) member.place.deaths = 0
    this.#replace(member.place, member.name)
  }

  #replace(place: Place, name: string): void {
    const { workerRestarts, report } = this.#hooks
    if (place.deaths >= workerRestarts) {
      report(`${name} ended and is not replaced (worker_restarts is ${workerRestarts})`)
      this.#places.delete(place.number)
      if (this.isAlone) this.#hooks.abandoned()
      return
    }
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** place.deaths++, LONGEST_PAUSE_MS)
    const successor = this.#successorName(place)
    report(`${name} ended; ${successor} takes its place in ${pauseMs} ms`)
    place.pause = setTimeout(() => {
      place.pause = undefined
      this.#succeed(place, successor)
    }, pauseMs)
  }

  #succeed(place: Place, name: string): void {
    this.#start(place, name).catch((error) => {
      if (this.#stopping.signal.aborted || place.isLeft) return
      this.#hooks.report(`${name}: ${error.message}`)
      this.#replace(place, name)
    })
  }
}

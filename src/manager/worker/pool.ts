// The workers of this ZManager: as many as asked for, each in a place of its own and in a thread or process
// of its own. One that dies is replaced, with pauses that grow while its successors die too; one that
// is not needed any more leaves when it has finished what it has.
//
//   place 1: worker-1, then worker-1.1 ...      place 2: worker-2 ...

import { ZmqError } from '../../core/errors.ts'
import { entryOf, type HostKind, startHostWithin } from '../host/host.ts'
import { type Member, makeMember, type Place } from './member.ts'
import type { WorkerSettings } from './worker.ts'

export interface PoolHooks {
  /** What workers run in, and how long one may take to start, ms. */
  readonly workerType: HostKind
  readonly workerStartTimeout: number
  /** How often in a row a worker is replaced that died without having ended a message. */
  readonly workerRestarts: number
  /** How long a worker that was told to finish has for it, ms. */
  readonly finishMs: number
  settings(member: Member): WorkerSettings
  /** The worker is up and connected. */
  opened(member: Member): void
  /** The worker ended; true if it had ended messages. */
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
const LAST_WORDS_MS = 100
const TELL_MS = 50

export class Pool {
  readonly #hooks: PoolHooks
  readonly #places = new Map<number, Place>()
  readonly #members = new Map<string, Member>()
  readonly #starting = new Set<Promise<void>>()
  #stopped: ZmqError | undefined
  #largest = 0 // number of a place there ever was
  #successors = 0
  #renewed: Promise<void> = Promise.resolve()

  constructor(hooks: PoolHooks) {
    this.#hooks = hooks
  }

  /** Names of the workers that are up. */
  get workers(): string[] {
    return [...this.#members.values()].filter(({ host }) => host).map(({ name }) => name)
  }

  /** How many there are to be. */
  get size(): number {
    return this.#places.size
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
    const all = Array.from({ length: count }, (_, i) => i + 1)
    const missing = all.filter((number) => !this.#places.has(number))
    const leaving = surplus.map((place) => this.#abolish(place))
    const settled = await Promise.allSettled([...leaving, ...missing.map((n) => this.#found(n))])
    const failed = settled.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
  }

  /** All workers finish what they have and end, or are ended after `finishMs`; `reason` ends those that only start. */
  async stop(reason: ZmqError): Promise<void> {
    this.#stopped = reason
    for (const { pause } of this.#places.values()) clearTimeout(pause)
    for (const { starting } of this.#members.values()) starting.abort(reason)
    const members = [...this.#members.values()].filter(({ host }) => host)
    const limit = setTimeout(() => {
      for (const { host } of members) void host?.terminate()
    }, this.#hooks.finishMs)
    await Promise.all(members.map((member) => this.#leave(member)))
    await Promise.allSettled(this.#starting)
    clearTimeout(limit)
  }

  /**
   * Puts a new worker in every place, with settings asked for anew. Resolves when all are up and the
   * old ones take nothing new; those leave when they have finished what they have. Rejects if one
   * cannot start; in its place, and in those after it, everything stays as it was.
   */
  renew(): Promise<void> {
    const renewed = this.#renewed.then(() => this.#renew())
    this.#renewed = renewed.catch(() => {})
    return renewed
  }

  /** Ends a worker at once, as a crash would. Rejects with ENOENT if there is none of this name. */
  async terminate(worker: string): Promise<void> {
    const host = this.#members.get(worker)?.host
    if (host) return host.terminate()
    const known = this.workers.join(', ') || 'none'
    throw new ZmqError('ENOENT', `There is no worker '${worker}' here (there is ${known})`)
  }

  /** Whoever has this key is connected to the Subject. False if that is none of these workers. */
  attached(key: string): boolean {
    const member = this.#withKey(key)
    if (!member) return false
    if (member.isAttached) return true
    member.isAttached = true
    this.#open(member)
    return true
  }

  /** A connection of whoever has this key broke: what was on its way may be lost, and the worker goes. */
  detached(key: string): void {
    const member = this.#withKey(key)
    if (!member || member.leaving) return
    const limit = setTimeout(() => void member.host?.terminate(), LAST_WORDS_MS) // mostly it just ended, and says why
    void member.over.then(() => clearTimeout(limit))
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
      if (this.#membersOf(place).length === 0) this.#remove(place)
      throw error
    }
  }

  /** A renewal may come to this one yet. */
  #remove(place: Place): void {
    place.isLeft = true
    this.#places.delete(place.number)
  }

  async #abolish(place: Place): Promise<void> {
    this.#remove(place)
    clearTimeout(place.pause)
    await Promise.all(this.#membersOf(place).map((member) => this.#leave(member)))
  }

  #membersOf(place: Place): Member[] {
    return [...this.#members.values()].filter((member) => member.place === place)
  }

  async #renew(): Promise<void> {
    for (const place of [...this.#places.values()]) {
      for (const member of await this.#renewPlace(place)) void this.#leave(member) // one may never finish
    }
  }

  /** Resolves with who was there, once a new worker is up. */
  async #renewPlace(place: Place): Promise<Member[]> {
    if (place.isLeft) return []
    const old = this.#membersOf(place)
    const name = this.#successorName(place)
    clearTimeout(place.pause)
    try {
      await this.#start(place, name)
    } catch (error) {
      this.#replaceIfEmpty(place, name) // the old one may have died meanwhile
      throw error
    }
    if (place.isLeft || this.#members.has(name)) return old
    throw new ZmqError('EIO', `${name} ended before it was connected`)
  }

  /** One that is only starting, and may never be up, is ended. */
  #leave(member: Member): Promise<void> {
    member.leaving ??= member.host ? this.#finish(member) : member.over
    member.starting.abort()
    return member.leaving
  }

  async #finish(member: Member): Promise<void> {
    await this.#hooks.emptied(member.name)
    const tell = (): void => this.#hooks.finish(member.name)
    const again = setInterval(tell, TELL_MS) // it may have missed it
    const limit = setTimeout(() => void member.host?.terminate(), this.#hooks.finishMs)
    tell()
    await member.over
    clearInterval(again)
    clearTimeout(limit)
  }

  #successorName({ number }: Place): string {
    return `worker-${number}.${++this.#successors}`
  }

  #start(place: Place, name: string): Promise<void> {
    const starting = this.#bringUp(place, name).finally(() => this.#starting.delete(starting))
    this.#starting.add(starting)
    return starting
  }

  async #bringUp(place: Place, name: string): Promise<void> {
    if (this.#stopped) throw this.#stopped
    const { workerType, workerStartTimeout: limitMs, settings } = this.#hooks
    const member = makeMember(place, name, workerType)
    const { signal } = member.starting
    this.#members.set(name, member)
    try {
      const data = settings(member)
      const entry = entryOf('worker-main')
      const host = await startHostWithin(limitMs, workerType, entry, data, name, signal)
      if (signal.aborted) await host.terminate()
      signal.throwIfAborted()
      member.progress.opened()
      member.host = host
      void host.exited.then((error) => this.#exited(member, error))
      this.#open(member)
      await Promise.race([member.opened, member.over])
    } catch (error) {
      this.#forget(member)
      if (!member.leaving) throw error
    }
  }

  #open(member: Member): void {
    if (!member.host || !member.isAttached) return
    member.open()
    if (!member.leaving) this.#hooks.opened(member)
  }

  #forget(member: Member): void {
    this.#members.delete(member.name)
    member.progress.close()
    member.end()
  }

  #exited(member: Member, error: Error | undefined): void {
    if (error instanceof ZmqError) this.#hooks.report(error.message)
    else if (error) this.#hooks.report(`${member.name}: ${error.stack ?? error.message}`)
    this.#forget(member)
    const hadEnded = this.#hooks.died(member)
    if (this.#stopped || member.leaving) return
    if (hadEnded) member.place.deaths = 0
    this.#replaceIfEmpty(member.place, member.name)
  }

  /** While workers are renewed there may be another in the place. */
  #replaceIfEmpty(place: Place, name: string): void {
    if (this.#stopped || place.isLeft) return
    if (this.#membersOf(place).every((member) => member.leaving)) this.#replace(place, name)
  }

  #replace(place: Place, name: string): void {
    const { workerRestarts, report } = this.#hooks
    if (place.deaths >= workerRestarts) {
      report(`${name} ended and is not replaced (worker_restarts is ${workerRestarts})`)
      this.#remove(place)
      if (this.isAlone) this.#hooks.abandoned()
      return
    }
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** place.deaths++, LONGEST_PAUSE_MS)
    const successor = this.#successorName(place)
    report(`${name} ended; ${successor} takes its place in ${pauseMs} ms`)
    place.pause = setTimeout(() => this.#succeed(place, successor), pauseMs)
  }

  #succeed(place: Place, name: string): void {
    this.#start(place, name).catch((error) => {
      if (this.#stopped || place.isLeft) return
      this.#hooks.report(`${name}: ${error.message}`)
      this.#replaceIfEmpty(place, name)
    })
  }
}

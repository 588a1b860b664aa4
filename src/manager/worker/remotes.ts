// Workers that others started, on this machine or another (`zmanager worker`): who is here, who is let in,
// and how they are sent away. Nothing here can end one; one that must go is told to, and gets nothing
// more. Its name is another each time it comes, `field.4711`, and it counts as `field`.

import { ZmqError } from '../../core/errors.ts'
import { placeOf } from '../totals.ts'
import { differenceOf } from './remote-words.ts'

export interface RemotesHooks {
  readonly remoteWorkers: boolean
  /** How long workers have to finish when all is stopped, ms. */
  readonly finishMs: number
  /** What the flows in force are known by. */
  flowsHash(): string
  /** Whether what a worker of this name had is not settled yet. */
  isOpen(name: string): boolean
  /** The worker may get messages. */
  opened(name: string): void
  /** The worker is gone. */
  died(name: string, key: string): void
  /** Nothing new for this worker; resolves when it has nothing left, or is dead. */
  emptied(worker: string): Promise<void>
  /** Tells a worker to end. */
  finish(worker: string): void
  /** Tells whoever has this key that it gets work from now on. */
  welcome(key: string): void
  /** Tells whoever has this key that it gets no work, and why. */
  refuse(key: string, reason: string): void
  /** Something an operator should read. */
  report(text: string): void
}

interface Remote {
  readonly name: string
  readonly key: string
  /** Resolves when it is gone. */
  readonly over: Promise<void>
  end(): void
  leaving: Promise<void> | undefined
}

const KEY = /^([\w][\w.-]{0,79})~[\da-f-]{36}$/
const LOCAL_NAME = /^worker-\d+(?:\.\d+)?$/
const TELL_MS = 50
/** Names that are counted, and things that are reported once: others can make up any number. */
const MOST_NAMES = 1000

/** Throws EINVAL for a name that a remote worker cannot have. */
export function assertRemoteName(name: string): void {
  if (/^\w[\w.-]{0,63}$/.test(name) && !LOCAL_NAME.test(name)) return
  const rule =
    'up to 64 letters, digits and any of . _ -, and not as worker-1, which are workers here (zmanager worker --name)'
  throw new ZmqError('EINVAL', `A worker cannot be named '${name}': ${rule}`)
}

export class Remotes {
  readonly #hooks: RemotesHooks
  readonly #here = new Map<string, Remote>() // by key
  readonly #places = new Set<string>()
  readonly #reported = new Set<string>()
  #isStopped = false

  constructor(hooks: RemotesHooks) {
    this.#hooks = hooks
  }

  /** Names of those that are here. */
  get workers(): string[] {
    return [...this.#here.values()].map(({ name }) => name)
  }

  /** Whether there is or was one that counts under this name. */
  knows(place: string): boolean {
    return this.#places.has(place)
  }

  keyOf(worker: string): string | undefined {
    return this.#named(worker)?.key
  }

  /** Somebody connected that is none of ours, with these flows. */
  attached(key: string, flows: string | undefined): void {
    const name = KEY.exec(key)?.[1]
    if (name === undefined || this.#isStopped || LOCAL_NAME.test(name) || this.#here.has(key))
      return
    const reason = this.#whyNot(name, flows)
    if (reason) {
      this.#reportOnce(`${placeOf(name)} is refused: ${reason}`)
      return this.#hooks.refuse(key, reason)
    }
    let end = (): void => {}
    const over = new Promise<void>((resolve) => {
      end = resolve
    })
    this.#here.set(key, { name, key, over, end, leaving: undefined })
    if (this.#places.size < MOST_NAMES) this.#places.add(placeOf(name))
    this.#hooks.report(`${name} joined`)
    this.#hooks.welcome(key)
    this.#hooks.opened(name)
  }

  /** A connection of whoever has this key broke. */
  detached(key: string): void {
    const remote = this.#here.get(key)
    if (!remote) return
    this.#here.delete(key)
    this.#hooks.report(`${remote.name} ${remote.leaving ? 'left' : 'is gone'}`)
    remote.end()
    this.#hooks.died(remote.name, key)
  }

  /** Whoever has this key wants no more messages. */
  wantsToLeave(key: string): void {
    const remote = this.#here.get(key)
    if (remote) void this.#leave(remote)
  }

  /** Gives a worker up. False if there is none of this name. */
  cut(worker: string): boolean {
    const remote = this.#named(worker)
    if (!remote) return false
    this.#hooks.finish(worker)
    this.detached(remote.key)
    return true
  }

  /** All finish what they have and leave. They may come again. */
  async dismiss(): Promise<void> {
    await Promise.all([...this.#here.values()].map((remote) => this.#leave(remote)))
  }

  /** As `dismiss`; those that take longer than `finishMs` are given up. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const limit = setTimeout(() => {
      for (const worker of this.workers) this.cut(worker)
    }, this.#hooks.finishMs)
    await this.dismiss()
    clearTimeout(limit)
  }

  #named(worker: string): Remote | undefined {
    return [...this.#here.values()].find(({ name }) => name === worker)
  }

  #whyNot(name: string, flows: string | undefined): string | undefined {
    if (!this.#hooks.remoteWorkers)
      return 'this ZManager takes no remote workers (set remote_workers = yes in its zmanager.ini)'
    if (this.keyOf(name) !== undefined || this.#hooks.isOpen(name))
      return `there is a worker of the name ${name} already`
    const other = differenceOf(this.#hooks.flowsHash(), flows)
    return other && `it has ${other} than this ZManager`
  }

  #leave(remote: Remote): Promise<void> {
    remote.leaving ??= this.#finish(remote)
    return remote.leaving
  }

  async #finish({ name, over }: Remote): Promise<void> {
    await Promise.race([this.#hooks.emptied(name), over]) // it may be gone while what it had is not settled
    const tell = (): void => this.#hooks.finish(name)
    const again = setInterval(tell, TELL_MS) // it may have missed it
    tell()
    await over
    clearInterval(again)
  }

  #reportOnce(text: string): void {
    if (this.#reported.has(text) || this.#reported.size >= MOST_NAMES) return
    this.#reported.add(text)
    this.#hooks.report(text)
  }
}

// Finds inproc names across the threads of a process, by name alone.
//
//   who             a thread looks for a name, to connect to it
//   here            the thread that has it answers; so does one that binds it later
//   claim           a thread wants to bind a name
//   taken / free    every thread answers, and says which other threads it knows
//   join + port     the one that looked sends one end of a channel to the thread that has the name
//
// It knows threads only through a Courier, which moves small notes and ports between them.

import { clock } from '../../core/clock.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import { ZmqError } from '../../core/errors.ts'
import type { Connection, Host, Listener, Protocol, Wire } from '../../core/transport.ts'
import { zmtpFor } from '../../wire/zmtp/zmtp.ts'
import { PortConnection, type PortLike } from './port.ts'

export type ThreadId = number

export interface Note {
  readonly type: 'who' | 'here' | 'claim' | 'taken' | 'free' | 'join'
  readonly name: string
  readonly from: ThreadId
  /** The thread the note is for; absent: all. */
  readonly to?: ThreadId
  /** Which claim of the asker this is, or answers. */
  readonly claim?: number
  /** With `free`: the threads that the sender knows. */
  readonly others?: readonly ThreadId[]
}

export interface Courier {
  /** This thread. */
  readonly self: ThreadId
  /** A thread that is probably there: asked before the first bind although it has not spoken yet. */
  readonly parent: ThreadId | undefined
  /** To every other thread. */
  broadcast(note: Note): void
  /** One end of a new channel to a thread. Rejects if the thread is gone. */
  sendPort(to: ThreadId, note: Note): Promise<PortLike>
  /** Called once, before anything is sent. */
  listen(onNote: (note: Note) => void, onPort: (note: Note, port: PortLike) => void): void
}

/** How long a bind waits for the answer of a thread that may be busy or gone. */
const ANSWER_MS = 100

interface Claim {
  readonly number: number
  readonly waitingFor: Set<ThreadId>
  readonly heardOf: Set<ThreadId>
  readonly answered: (free: boolean) => void
}

/** The wire between threads. */
export class Hub implements Wire {
  readonly #courier: Courier
  readonly #others = new Set<ThreadId>()
  readonly #listeners = new Map<string, (connection: Connection) => void>()
  readonly #claims = new Map<string, Claim>()
  readonly #seekers = new Map<string, Set<(owner: ThreadId) => void>>()
  #claimed = 0

  /** Listens from the start: a thread that binds a name later must be known by then. */
  constructor(courier: Courier) {
    this.#courier = courier
    if (courier.parent !== undefined) this.#others.add(courier.parent)
    courier.listen(
      (note) => this.#heard(note),
      (note, port) => this.#joined(note, port),
    )
  }

  protocol(connection: Connection, host: Host): Protocol {
    return zmtpFor(connection, host)
  }

  /** Resolves when some other thread has bound the name, however long that takes. */
  async dial(
    { address: name, text }: Endpoint,
    _host: Host,
    signal: AbortSignal,
  ): Promise<Connection> {
    for (;;) {
      const owner = await this.#seek(name, signal)
      const { self } = this.#courier
      const port = await this.#courier
        .sendPort(owner, { type: 'join', name, from: self, to: owner })
        .catch(() => undefined)
      if (port) return new PortConnection(port, text)
    }
  }

  async listen(
    endpoint: Endpoint,
    _host: Host,
    onConnection: (c: Connection) => void,
  ): Promise<Listener> {
    const name = endpoint.address
    if (!(await this.#claim(name))) {
      const message = `Address already in use: ${endpoint.text} is bound in another thread`
      throw new ZmqError('EADDRINUSE', message, { address: endpoint.text })
    }
    this.#listeners.set(name, onConnection)
    this.#say('here', name)
    return {
      endpoint: endpoint.text,
      close: async () => {
        this.#listeners.delete(name)
      },
    }
  }

  #say(type: Note['type'], name: string, more: Partial<Note> = {}): void {
    this.#courier.broadcast({ type, name, from: this.#courier.self, ...more })
  }

  #seek(name: string, signal: AbortSignal): Promise<ThreadId> {
    return new Promise((resolve, reject) => {
      const seekers = this.#seekers.get(name) ?? new Set()
      this.#seekers.set(name, seekers)
      const done = (): void => {
        signal.removeEventListener('abort', aborted)
        seekers.delete(found)
        if (seekers.size === 0) this.#seekers.delete(name)
      }
      const found = (owner: ThreadId): void => {
        done()
        resolve(owner)
      }
      seekers.add(found)
      const aborted = (): void => {
        done()
        reject(signal.reason)
      }
      signal.addEventListener('abort', aborted)
      this.#say('who', name)
    })
  }

  /** Whether no other thread has the name. A thread that does not answer in time has not. */
  #claim(name: string): Promise<boolean> {
    if (this.#others.size === 0) return Promise.resolve(true)
    return new Promise((resolve) => {
      const waitingFor = new Set(this.#others)
      const number = ++this.#claimed
      const answered = (free: boolean): void => {
        limit.cancel()
        this.#claims.delete(name)
        resolve(free)
      }
      const limit = clock.after(ANSWER_MS, () => {
        for (const silent of waitingFor) this.#others.delete(silent)
        answered(true)
      })
      this.#claims.set(name, { number, waitingFor, heardOf: new Set(waitingFor), answered })
      this.#say('claim', name, { claim: number })
    })
  }

  #heard(note: Note): void {
    const { type, name, from, to } = note
    const { self } = this.#courier
    if (from === self || (to !== undefined && to !== self)) return
    this.#others.add(from)
    if (type === 'who' && this.#listeners.has(name)) this.#say('here', name, { to: from })
    else if (type === 'here') for (const found of [...(this.#seekers.get(name) ?? [])]) found(from)
    else if (type === 'claim') this.#judge(note)
    else if (type === 'taken' || type === 'free') this.#answer(note)
  }

  /** Of two threads that claim a name at once, the one with the lower number gets it. */
  #judge({ name, from, claim }: Note): void {
    const own = this.#claims.get(name)
    const taken = this.#listeners.has(name) || (own !== undefined && this.#courier.self < from)
    if (!taken) own?.answered(false)
    this.#say(taken ? 'taken' : 'free', name, { to: from, claim, others: [...this.#others] })
  }

  /** A name is free when all have said so whom anybody knows. */
  #answer({ type, name, from, claim: number, others = [] }: Note): void {
    const claim = this.#claims.get(name)
    if (claim === undefined || claim.number !== number) return
    if (type === 'taken') return claim.answered(false)
    claim.heardOf.add(from)
    for (const other of others) {
      if (other === this.#courier.self || claim.heardOf.has(other)) continue
      claim.heardOf.add(other)
      claim.waitingFor.add(other)
    }
    claim.waitingFor.delete(from)
    if (claim.waitingFor.size === 0) claim.answered(true)
  }

  #joined({ name }: Note, port: PortLike): void {
    const onConnection = this.#listeners.get(name)
    if (onConnection) onConnection(new PortConnection(port, `inproc://${name}`))
    else port.close()
  }
}

// Finds inproc names across the threads of a process, by name alone.
//
//   who here there       a thread asks for a name, to connect to it or to bind it
//   here / absent        every thread answers; so does one that binds the name later
//   join + port          the asker sends one end of a channel to the thread that has the name
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
  readonly type: 'who' | 'here' | 'absent' | 'join'
  readonly name: string
  readonly from: ThreadId
  /** The thread the note is for; absent: all. */
  readonly to?: ThreadId
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
  readonly waitingFor: Set<ThreadId>
  readonly answered: (free: boolean) => void
}

/** The wire between threads. */
export class Hub implements Wire {
  readonly #courier: Courier
  readonly #others = new Set<ThreadId>()
  readonly #listeners = new Map<string, (connection: Connection) => void>()
  readonly #claims = new Map<string, Claim>()
  readonly #seekers = new Map<string, Set<(owner: ThreadId) => void>>()
  #started = false

  constructor(courier: Courier) {
    this.#courier = courier
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
    this.#start()
    for (;;) {
      const owner = await this.#seek(name, signal)
      const { self } = this.#courier
      const port = await this.#courier
        .sendPort(owner, { type: 'join', name, from: self, to: owner })
        .catch(() => undefined)
      if (port) return new PortConnection(port, text)
      this.#others.delete(owner)
    }
  }

  async listen(
    endpoint: Endpoint,
    _host: Host,
    onConnection: (c: Connection) => void,
  ): Promise<Listener> {
    this.#start()
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

  #start(): void {
    if (this.#started) return
    this.#started = true
    const { parent } = this.#courier
    if (parent !== undefined) this.#others.add(parent)
    this.#courier.listen(
      (note) => this.#heard(note),
      (note, port) => this.#joined(note, port),
    )
  }

  #say(type: Note['type'], name: string, to?: ThreadId): void {
    this.#courier.broadcast({
      type,
      name,
      from: this.#courier.self,
      ...(to === undefined ? {} : { to }),
    })
  }

  #seek(name: string, signal: AbortSignal): Promise<ThreadId> {
    return new Promise((resolve, reject) => {
      const seekers = this.#seekers.get(name) ?? new Set()
      this.#seekers.set(name, seekers)
      const done = (): void => {
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
      signal.addEventListener('abort', aborted, { once: true })
      this.#say('who', name)
    })
  }

  /** Whether no other thread has the name. A thread that does not answer in time has not. */
  #claim(name: string): Promise<boolean> {
    if (this.#others.size === 0) return Promise.resolve(true)
    return new Promise((resolve) => {
      const waitingFor = new Set(this.#others)
      const answered = (free: boolean): void => {
        limit.cancel()
        this.#claims.delete(name)
        resolve(free)
      }
      const limit = clock.after(ANSWER_MS, () => {
        for (const silent of waitingFor) this.#others.delete(silent)
        answered(true)
      })
      this.#claims.set(name, { waitingFor, answered })
      this.#say('who', name)
    })
  }

  #heard({ type, name, from, to }: Note): void {
    if (from === this.#courier.self || (to !== undefined && to !== this.#courier.self)) return
    this.#others.add(from)
    if (type === 'who') return this.#say(this.#owns(name, from) ? 'here' : 'absent', name, from)
    const claim = this.#claims.get(name)
    if (type === 'here') {
      claim?.answered(false)
      for (const found of [...(this.#seekers.get(name) ?? [])]) found(from)
    } else if (type === 'absent' && claim?.waitingFor.delete(from) && claim.waitingFor.size === 0) {
      claim.answered(true)
    }
  }

  /** Of two threads that bind a name at once, the one with the lower number gets it. */
  #owns(name: string, asker: ThreadId): boolean {
    return this.#listeners.has(name) || (this.#claims.has(name) && this.#courier.self < asker)
  }

  #joined({ name }: Note, port: PortLike): void {
    const onConnection = this.#listeners.get(name)
    if (onConnection) onConnection(new PortConnection(port, `inproc://${name}`))
    else port.close()
  }
}

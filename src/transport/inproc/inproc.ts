// inproc:// - sockets of one process that find each other by name.
//
// In one thread the two sockets share one pipe: the binder adopts the far end, and messages move by
// reference. Other threads are reached by a wire of their own. A connecter waits for its name to be
// bound, here or there, and again after the binder is gone.

import { Connecter } from '../../core/connecter.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import { ZmqError } from '../../core/errors.ts'
import { routingIdOf } from '../../core/options.ts'
import { NO_SHARE, type PeerInfo, type Pipe } from '../../core/pipe.ts'
import type { Accept, Host, Listener, Transport, Wire } from '../../core/transport.ts'
import { listen } from '../../core/wire.ts'

/** A name bound in this thread. */
interface Binding {
  readonly accept: Accept
  readonly host: Host
}

/** The names bound in this thread, who waits for one, and the way to other threads. */
interface Room {
  /** Bound, or about to be once the other threads have agreed. */
  readonly taken: Set<string>
  readonly bound: Map<string, Binding>
  readonly waiting: Map<string, Set<Seeker>>
  readonly threads: Wire
}

/** The inproc transport; `threads` reaches the other threads of the process. */
export function inproc(threads: Wire): Transport {
  const room: Room = { taken: new Set(), bound: new Map(), waiting: new Map(), threads }
  return {
    schemes: ['inproc'],
    connect: (endpoint, far, host) => new Seeker(room, endpoint, far, host).seek(),
    bind: (endpoint, accept, host) => bind(room, endpoint, { accept, host }),
  }
}

async function bind(room: Room, endpoint: Endpoint, binding: Binding): Promise<Listener> {
  const name = endpoint.address
  if (room.taken.has(name)) {
    throw new ZmqError('EADDRINUSE', `Address already in use: ${endpoint.text}`, {
      address: endpoint.text,
    })
  }
  room.taken.add(name)
  try {
    const remote = await listen(room.threads, endpoint, binding.accept, binding.host)
    room.bound.set(name, binding)
    for (const seeker of [...(room.waiting.get(name) ?? [])]) seeker.seek()
    return {
      endpoint: endpoint.text,
      close() {
        room.bound.delete(name)
        room.taken.delete(name)
        return remote.close()
      },
    }
  } catch (error) {
    room.taken.delete(name)
    throw error
  }
}

/** Finds the binder of a name for the far end of a connecter's pipe. */
class Seeker {
  readonly #room: Room
  readonly #endpoint: Endpoint
  readonly #far: Pipe
  readonly #host: Host
  #connecter: Connecter | undefined

  constructor(room: Room, endpoint: Endpoint, far: Pipe, host: Host) {
    this.#room = room
    this.#endpoint = endpoint
    this.#far = far
    this.#host = host
  }

  seek(): void {
    if (!this.#joinHere()) this.#wait()
  }

  /** False: nobody in this thread has the name, or the far end is with another thread's binder. */
  #joinHere(): boolean {
    const binding = this.#room.bound.get(this.#endpoint.address)
    if (binding === undefined || this.#connecter?.release() === false) return false
    this.#stopWaiting()
    this.#join(binding)
    return true
  }

  /** The wire to other threads looks for the name; a bind in this thread comes first. */
  #wait(): void {
    if (this.#connecter) return
    const { waiting, threads } = this.#room
    const name = this.#endpoint.address
    waiting.set(name, (waiting.get(name) ?? new Set()).add(this))
    this.#connecter = new Connecter(threads, this.#endpoint, this.#far, this.#host, {
      stopped: () => this.#stopWaiting(),
      takenOver: () => this.#joinHere(),
    })
  }

  #stopWaiting(): void {
    this.#connecter = undefined
    const others = this.#room.waiting.get(this.#endpoint.address)
    if (others?.delete(this) && others.size === 0) this.#room.waiting.delete(this.#endpoint.address)
  }

  #join({ accept, host }: Binding): void {
    const far = this.#far
    const address = this.#endpoint.text
    const peer = infoOf(host, address)
    far.giveBack = () => this.#binderGone(peer)
    this.#host.emit({ type: 'handshake', address, peer })
    accept(far)
    far.other.join(infoOf(this.#host, address))
    far.join(peer)
  }

  /** What the binder had not read stays in the pipe for the next one. */
  #binderGone(peer: PeerInfo): void {
    const far = this.#far
    this.#host.emit({ type: 'disconnect', address: this.#endpoint.text, error: undefined, peer })
    far.giveBack = undefined
    far.leave()
    far.other.leave()
    far.conflate(undefined)
    far.setLimits(NO_SHARE, NO_SHARE)
    this.seek()
  }
}

function infoOf({ options, socketType }: Host, address: string): PeerInfo {
  const texts = Object.entries(options.metadata).map(
    ([name, text]) => [name.toLowerCase(), text] as const,
  )
  return { socketType, routingId: routingIdOf(options), address, properties: new Map(texts) }
}

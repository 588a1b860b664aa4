// The endpoints of one socket and what each `bind` or `connect` brought.

import { ZmqError } from './errors.ts'
import type { Pipe } from './pipe.ts'
import type { Listener } from './transport.ts'

/** What belongs to one `bind` (it has a listener) or one `connect`. */
export interface Attachment {
  readonly listener: Listener | undefined
  readonly pipes: Set<Pipe>
}

export class Attachments {
  /** The endpoint added last. */
  last: string | null = null
  readonly #byEndpoint = new Map<string, Attachment[]>()

  add(endpoint: string, attachment: Attachment): void {
    this.last = endpoint
    this.#byEndpoint.set(endpoint, [...(this.#byEndpoint.get(endpoint) ?? []), attachment])
  }

  hasConnected(endpoint: string): boolean {
    return this.#byEndpoint.get(endpoint)?.some(({ listener }) => listener === undefined) ?? false
  }

  /** Takes out all binds, or all connects, of an endpoint. Throws ENOENT if there is none. */
  take(endpoint: string, kind: 'bound' | 'connected'): Attachment[] {
    const all = this.#byEndpoint.get(endpoint) ?? []
    const isKind = ({ listener }: Attachment): boolean =>
      (listener !== undefined) === (kind === 'bound')
    const taken = all.filter(isKind)
    if (taken.length === 0) throw this.#unknown(endpoint, kind)
    const rest = all.filter((attachment) => !isKind(attachment))
    if (rest.length > 0) this.#byEndpoint.set(endpoint, rest)
    else this.#byEndpoint.delete(endpoint)
    return taken
  }

  takeAll(): Attachment[] {
    const all = [...this.#byEndpoint.values()].flat()
    this.#byEndpoint.clear()
    return all
  }

  #unknown(endpoint: string, kind: string): ZmqError {
    const known = [...this.#byEndpoint.keys()].join(', ') || 'nothing'
    const message = `No such endpoint: not ${kind} to ${endpoint} (this socket has ${known})`
    return new ZmqError('ENOENT', message, { address: endpoint })
  }
}

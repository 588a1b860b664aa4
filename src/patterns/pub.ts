// PUB (RFC 29): sends to every subscriber whose prefixes match; one that has no room misses the
// message, and that is counted. Never blocks.
//
// A subscriber's subscriptions are a set per connection: one cancel ends what two subscribes began.

import type { Message } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type { CommonOptions, SendOptions } from '../core/options.ts'
import type { Pipe } from '../core/pipe.ts'
import { WritableSocket } from '../core/writable.ts'
import { Distributor } from './dist.ts'
import { parseSubscription } from './subscription.ts'
import { Trie } from './trie.ts'

export type PublisherOptions = CommonOptions & SendOptions

export class Publisher extends WritableSocket {
  readonly #dist = new Distributor()
  readonly #subscriptions = new Trie<Pipe>()
  readonly #match = (pipe: Pipe): void => this.#dist.match(pipe)

  constructor(options?: PublisherOptions) {
    super('PUB', options)
  }

  protected override xattach(pipe: Pipe): void {
    this.#dist.attach(pipe)
  }

  protected override xread(pipe: Pipe): void {
    for (let message = pipe.read(); message; message = pipe.read()) {
      for (const frame of message) this.#subscription(pipe, frame)
    }
  }

  protected override xterminated(pipe: Pipe): void {
    this.#subscriptions.removeHolder(pipe, () => {})
    this.#dist.terminated(pipe)
  }

  protected override xsend(message: Message): boolean {
    this.#subscriptions.match(message[0] as Uint8Array, this.#match)
    const missed = this.#dist.send(message)
    this.tally.drop('hwm', missed)
    return true
  }

  #subscription(pipe: Pipe, frame: Uint8Array): void {
    const asked = parseSubscription(frame)
    if (asked?.subscribe) this.#subscriptions.add(asked.prefix, pipe)
    else if (asked) this.#subscriptions.remove(asked.prefix, pipe)
  }
}

export interface Publisher extends Required<PublisherOptions> {}
defineOptions(Publisher, 'PUB')

// What PUB and XPUB share: who is subscribed to what, and sending to those who match.
//
// A subscriber's prefixes are a set per connection: one cancel ends what two subscribes began.

import type { Message } from '../core/message.ts'
import type { Pipe } from '../core/pipe.ts'
import type { Tally } from '../core/tally.ts'
import { Distributor } from './dist.ts'
import { Trie } from './trie.ts'

export interface PublishingSettings {
  readonly noDrop: boolean
  readonly invertMatching: boolean
}

export class Publishing {
  readonly subscriptions: Trie<Pipe> = new Trie()
  readonly #dist = new Distributor()
  readonly #settings: PublishingSettings
  readonly #tally: Tally
  readonly #match = (pipe: Pipe): void => this.#dist.match(pipe)

  constructor(settings: PublishingSettings, tally: Tally) {
    this.#settings = settings
    this.#tally = tally
  }

  attach(pipe: Pipe): void {
    this.#dist.attach(pipe)
  }

  /** `gone` gets the prefixes that nobody has any more. */
  terminated(pipe: Pipe, gone: (prefix: Uint8Array) => void): void {
    this.subscriptions.removeHolder(pipe, gone)
    this.#dist.terminated(pipe)
  }

  /** False, and nothing sent, only with `noDrop` and while someone who matches has no room. */
  send(message: Message): boolean {
    this.subscriptions.match(message[0] as Uint8Array, this.#match)
    if (this.#settings.invertMatching) this.#dist.invert()
    if (this.#settings.noDrop && !this.#dist.hasRoom()) return false
    if (this.#dist.matched === 0) this.#tally.drop('no-peer', 1)
    this.#tally.drop('hwm', this.#dist.send(message))
    return true
  }
}

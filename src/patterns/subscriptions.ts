// What SUB and XSUB share: their own subscriptions, counted, so that as many cancels as subscribes end
// one; and telling publishers. Every subscribe is told (XPUBs may want to see them all), a cancel only
// when it is the last; after each (re)connect every prefix is told again.

import type { Pipe } from '../core/pipe.ts'
import { keyOf } from './routing-id.ts'
import { subscriptionMessage } from './subscription.ts'
import { Trie } from './trie.ts'

export class Subscriptions {
  readonly #prefixes = new Trie<Subscriptions>()
  readonly #counts = new Map<string, number>()

  add(prefix: Uint8Array, publishers: Iterable<Pipe>): void {
    const key = keyOf(prefix)
    const count = this.#counts.get(key) ?? 0
    this.#counts.set(key, count + 1)
    if (count === 0) this.#prefixes.add(prefix, this)
    tell(true, prefix, publishers)
  }

  /** What was never subscribed is ignored. */
  remove(prefix: Uint8Array, publishers: Iterable<Pipe>): void {
    const key = keyOf(prefix)
    const count = this.#counts.get(key) ?? 0
    if (count > 1) this.#counts.set(key, count - 1)
    if (count !== 1) return
    this.#counts.delete(key)
    this.#prefixes.remove(prefix, this)
    tell(false, prefix, publishers)
  }

  tellAll(publisher: Pipe): void {
    for (const prefix of this.#prefixes.prefixes())
      publisher.force(subscriptionMessage(true, prefix))
  }

  matches(topic: Uint8Array): boolean {
    return this.#prefixes.matches(topic)
  }
}

/** Those not connected now are told when they are. */
export function tell(subscribe: boolean, prefix: Uint8Array, publishers: Iterable<Pipe>): void {
  for (const pipe of publishers) {
    if (pipe.connected) pipe.force(subscriptionMessage(subscribe, prefix))
  }
}

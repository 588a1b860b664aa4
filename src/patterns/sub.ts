// SUB (RFC 29): receives what its prefixes match, from all its publishers in turn.
//
// Subscriptions are counted here: as many unsubscribes as subscribes end one. Publishers are told
// of each new prefix, of its end, and of all prefixes again after every (re)connect.

import { type FrameLike, type Message, toFrame } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type { CommonOptions, ReceiveOptions } from '../core/options.ts'
import type { Pipe } from '../core/pipe.ts'
import { ReadableSocket } from '../core/readable.ts'
import { FairQueue } from './fq.ts'
import { subscriptionMessage } from './subscription.ts'
import { Trie } from './trie.ts'

export type SubscriberOptions = CommonOptions & ReceiveOptions

type Prefix = string | Uint8Array

export class Subscriber extends ReadableSocket {
  readonly #fq = new FairQueue()
  readonly #filter = new Trie<Subscriber>()
  readonly #counts = new Map<string, number>()

  constructor(options?: SubscriberOptions) {
    super('SUB', options)
  }

  /** Asks for messages whose first frame starts with one of `prefixes`; without any: for all. */
  subscribe(...prefixes: Prefix[]): void {
    this.assertOpen()
    for (const prefix of asFrames(prefixes)) {
      const count = (this.#counts.get(keyOf(prefix)) ?? 0) + 1
      this.#counts.set(keyOf(prefix), count)
      if (count > 1) continue
      this.#filter.add(prefix, this)
      this.#tellAll(true, prefix)
    }
  }

  /** Takes one `subscribe` of each prefix back; what was never subscribed is ignored. */
  unsubscribe(...prefixes: Prefix[]): void {
    this.assertOpen()
    for (const prefix of asFrames(prefixes)) {
      const count = this.#counts.get(keyOf(prefix)) ?? 0
      if (count > 1) this.#counts.set(keyOf(prefix), count - 1)
      if (count !== 1) continue
      this.#counts.delete(keyOf(prefix))
      this.#filter.remove(prefix, this)
      this.#tellAll(false, prefix)
    }
  }

  protected override xattach(pipe: Pipe): void {
    this.#fq.attach(pipe)
  }

  protected override xready(pipe: Pipe): void {
    for (const prefix of this.#filter.prefixes()) pipe.write(subscriptionMessage(true, prefix))
  }

  protected override xread(pipe: Pipe): void {
    this.#fq.activated(pipe)
  }

  protected override xterminated(pipe: Pipe): void {
    this.#fq.terminated(pipe)
  }

  protected override xrecv(): Message | undefined {
    for (let message = this.#fq.recv(); message; message = this.#fq.recv()) {
      if (this.#filter.matches(message[0] as Uint8Array)) return message
    }
    return undefined
  }

  #tellAll(subscribe: boolean, prefix: Uint8Array): void {
    for (const pipe of this.attached) {
      if (pipe.connected) pipe.write(subscriptionMessage(subscribe, prefix))
    }
  }
}

function asFrames(prefixes: FrameLike[]): Uint8Array[] {
  return prefixes.length === 0 ? [new Uint8Array(0)] : prefixes.map(toFrame)
}

/** One character per byte: prefixes are bytes, not text. */
function keyOf(prefix: Uint8Array): string {
  let key = ''
  for (const byte of prefix) key += String.fromCharCode(byte)
  return key
}

export interface Subscriber extends Required<SubscriberOptions> {}
defineOptions(Subscriber, 'SUB')

// XPUB (RFC 29): a PUB that shows the subscriptions: `receive` gives 01 + prefix for a new one and
// 00 + prefix for one that ended, and what XSUBs send upstream.

import { DuplexSocket } from '../core/duplex.ts'
import { ZmqError } from '../core/errors.ts'
import { Fifo } from '../core/fifo.ts'
import { type Message, toFrame } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type {
  CommonOptions,
  InvertOptions,
  NoDropOptions,
  ReceiveOptions,
  SendOptions,
  XPublisherOnlyOptions,
} from '../core/option-types.ts'
import type { Pipe } from '../core/pipe.ts'
import { Publishing } from './publishing.ts'
import { parseSubscription, type Subscription, subscriptionMessage } from './subscription.ts'
import { Trie } from './trie.ts'

export type XPublisherOptions = CommonOptions &
  SendOptions &
  ReceiveOptions &
  NoDropOptions &
  InvertOptions &
  XPublisherOnlyOptions

/** Something to receive, and whom it came from. */
interface News {
  readonly message: Message
  readonly pipe: Pipe | undefined
  /** It was sent by a subscriber's application, and is no subscription. */
  readonly isMessage: boolean
}

export class XPublisher extends DuplexSocket {
  readonly #publishing: Publishing
  readonly #asked = new Trie<Pipe>() // manual: what was asked for, granted or not
  readonly #news = new Fifo<News>()
  #unread = 0 // of the news, those that a subscriber's application sent
  #last: Pipe | undefined // whom the last received message came from

  constructor(options?: XPublisherOptions) {
    super('XPUB', options)
    this.#publishing = new Publishing(this.settings, this.tally)
  }

  /** With `manual`: gives these prefixes to the peer whose message was received last. Throws EFSM otherwise. */
  subscribe(...prefixes: (string | Uint8Array)[]): void {
    const pipe = this.#manualPeer()
    for (const prefix of prefixes)
      if (pipe) this.#publishing.subscriptions.add(toFrame(prefix), pipe)
  }

  /** With `manual`: takes these prefixes from the peer whose message was received last. Throws EFSM otherwise. */
  unsubscribe(...prefixes: (string | Uint8Array)[]): void {
    const pipe = this.#manualPeer()
    for (const prefix of prefixes)
      if (pipe) this.#publishing.subscriptions.remove(toFrame(prefix), pipe)
  }

  protected override xattach(pipe: Pipe): void {
    this.#publishing.attach(pipe)
    const { welcomeMessage } = this.settings
    if (welcomeMessage !== null) pipe.write([toFrame(welcomeMessage)])
  }

  protected override xread(pipe: Pipe): void {
    for (let message = pipe.read(); message; message = pipe.read()) {
      const asked = message.length === 1 ? parseSubscription(message[0] as Uint8Array) : undefined
      if (!asked) {
        this.#unread++
        this.#news.push({ message, pipe, isMessage: true })
      } else if (this.#isNews(asked, pipe)) this.#tell(asked, pipe)
    }
  }

  protected override xterminated(pipe: Pipe): void {
    if (this.#last === pipe) this.#last = undefined
    const ended = (prefix: Uint8Array): void => this.#tell({ subscribe: false, prefix }, undefined)
    const { manual, verbosity } = this.settings
    const table = manual ? this.#asked : this.#publishing.subscriptions
    const each = manual || verbosity === 'allSubsUnsubs' ? table.prefixesOf(pipe) : undefined
    this.#asked.removeHolder(pipe, () => {})
    this.#publishing.terminated(pipe, each ? () => {} : ended)
    each?.forEach(ended)
  }

  protected override xsend(message: Message): boolean {
    return this.#publishing.send(message)
  }

  protected override xrecv(): Message | undefined {
    const news = this.#news.shift()
    if (news) this.#last = news.pipe
    if (news?.isMessage) this.#unread--
    return news?.message
  }

  protected override xhasOut(): boolean {
    return true
  }

  protected override xhasIn(): boolean {
    return this.#news.length > 0
  }

  protected override xheld(): number {
    return this.#unread
  }

  /** Applies a subscription, and says whether the application is to hear of it. */
  #isNews({ subscribe, prefix }: Subscription, pipe: Pipe): boolean {
    const { manual, verbosity } = this.settings
    const table = manual ? this.#asked : this.#publishing.subscriptions
    if (subscribe) return table.add(prefix, pipe) || manual || verbosity !== null
    const known = table.has(prefix, pipe)
    const last = table.remove(prefix, pipe)
    return last || !known || manual || verbosity === 'allSubsUnsubs'
  }

  #tell({ subscribe, prefix }: Subscription, pipe: Pipe | undefined): void {
    const message = subscriptionMessage(subscribe, prefix)
    this.#news.push({ message, pipe, isMessage: false })
  }

  #manualPeer(): Pipe | undefined {
    if (this.settings.manual) return this.#last
    throw new ZmqError('EFSM', 'subscribe and unsubscribe on an XPUB need the option manual')
  }
}

export interface XPublisher extends Required<XPublisherOptions> {}
defineOptions(XPublisher, 'XPUB')

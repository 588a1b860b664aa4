// CHANNEL (draft, RFC 52): a PAIR whose messages have one frame.

import type { Message } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import { PairedSocket, type PairOptions } from './pair.ts'
import { assertSingle, Lookahead, nextOf } from './single-frame.ts'

export type ChannelOptions = PairOptions

/** ZMQ_CHANNEL. `send` rejects, and `trySend` throws, EINVAL for more than one frame. */
export class Channel extends PairedSocket {
  readonly #in = new Lookahead(() => nextOf(1, () => super.xrecv(), this.tally))

  constructor(options?: ChannelOptions) {
    super('CHANNEL', options)
  }

  protected override xsend(message: Message): boolean {
    assertSingle(message)
    return super.xsend(message)
  }

  protected override xrecv(): Message | undefined {
    return this.#in.recv()
  }

  protected override xhasIn(): boolean {
    return this.#in.hasIn()
  }

  protected override xheld(): number {
    return this.#in.held
  }
}

export interface Channel extends Required<ChannelOptions> {}
defineOptions(Channel, 'CHANNEL')

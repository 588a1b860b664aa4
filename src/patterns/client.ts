// CLIENT (draft, RFC 41): asks SERVERs without waiting for answers: messages of one frame, to its
// servers in turn and from them in turn; blocks when none has room.

import type { Message } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type { CommonOptions, ReceiveOptions, SendOptions } from '../core/option-types.ts'
import { DealingSocket } from './dealer.ts'
import { assertSingle, Lookahead, nextOf } from './single-frame.ts'

export type ClientOptions = CommonOptions & SendOptions & ReceiveOptions

/** ZMQ_CLIENT. `send` rejects, and `trySend` throws, EINVAL for more than one frame. */
export class Client extends DealingSocket {
  readonly #in = new Lookahead(() => nextOf(1, () => super.xrecv(), this.tally))

  constructor(options?: ClientOptions) {
    super('CLIENT', options)
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

export interface Client extends Required<ClientOptions> {}
defineOptions(Client, 'CLIENT')

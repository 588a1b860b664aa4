// PAIR (RFC 31): one peer, both ways. The first peer has the socket to itself; others are sent away.

import { DuplexSocket } from '../core/duplex.ts'
import type { Message } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type { CommonOptions, ReceiveOptions, SendOptions } from '../core/option-types.ts'
import type { Pipe } from '../core/pipe.ts'

export type PairOptions = CommonOptions & SendOptions & ReceiveOptions

/** PAIR, and CHANNEL. */
export abstract class PairedSocket extends DuplexSocket {
  #peer: Pipe | undefined

  protected override xattach(pipe: Pipe): void {
    if (this.#peer) this.refuse(pipe)
    else this.#peer = pipe
  }

  protected override xterminated(pipe: Pipe): void {
    if (this.#peer === pipe) this.#peer = undefined
  }

  protected override xsend(message: Message): boolean {
    return this.#peer?.write(message) ?? false
  }

  protected override xrecv(): Message | undefined {
    return this.#peer?.read()
  }

  protected override xhasOut(): boolean {
    return this.#peer?.canWrite() ?? false
  }

  protected override xhasIn(): boolean {
    return this.#peer?.canRead() ?? false
  }
}

export class Pair extends PairedSocket {
  constructor(options?: PairOptions) {
    super('PAIR', options)
  }
}

export interface Pair extends Required<PairOptions> {}
defineOptions(Pair, 'PAIR')

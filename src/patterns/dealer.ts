// DEALER (RFC 28): sends to its peers in turn and receives from them in turn; blocks when none has
// room. What it sends to a REP needs an empty frame in front.

import { DuplexSocket } from '../core/duplex.ts'
import { EMPTY_FRAME, type Message } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type {
  CommonOptions,
  ConflateOptions,
  ProbeOptions,
  ReceiveOptions,
  RoutingIdOptions,
  SendOptions,
} from '../core/option-types.ts'
import type { Pipe } from '../core/pipe.ts'
import { FairQueue } from './fq.ts'
import { LoadBalancer } from './lb.ts'

export type DealerOptions = CommonOptions &
  SendOptions &
  ReceiveOptions &
  RoutingIdOptions &
  ProbeOptions &
  ConflateOptions

/** DEALER, REQ and CLIENT: whom to send to and whom to receive from. */
export abstract class DealingSocket extends DuplexSocket {
  protected readonly lb: LoadBalancer = new LoadBalancer()
  protected readonly fq: FairQueue = new FairQueue()

  protected override xattach(pipe: Pipe): void {
    if (this.settings.probeRouter) pipe.write([EMPTY_FRAME])
    this.lb.attach(pipe)
    this.fq.attach(pipe)
  }

  /** With `immediate` a new peer can be written to only now; libzmq has a new pipe for each. */
  protected override xready(pipe: Pipe): void {
    if (this.settings.probeRouter && pipe.onlyWhileThere) pipe.write([EMPTY_FRAME])
  }

  protected override xread(pipe: Pipe): void {
    this.fq.activated(pipe)
  }

  protected override xwrite(pipe: Pipe): void {
    this.lb.activated(pipe)
  }

  protected override xterminated(pipe: Pipe): void {
    this.lb.terminated(pipe)
    this.fq.terminated(pipe)
  }

  protected override xsend(message: Message): boolean {
    return this.lb.send(message)
  }

  protected override xrecv(): Message | undefined {
    return this.fq.recv()
  }

  protected override xhasOut(): boolean {
    return this.lb.hasOut()
  }

  protected override xhasIn(): boolean {
    return this.fq.hasIn()
  }
}

export class Dealer extends DealingSocket {
  constructor(options?: DealerOptions) {
    super('DEALER', options)
  }
}

export interface Dealer extends Required<DealerOptions> {}
defineOptions(Dealer, 'DEALER')

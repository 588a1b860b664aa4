// DISH (draft, RFC 48): receives the messages of the groups it joined, from all its radios in turn.

import { ZmqError } from '../core/errors.ts'
import { Frame, type Message, type ReceivedFrame } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type { CommonOptions, ReceiveOptions } from '../core/option-types.ts'
import type { Pipe } from '../core/pipe.ts'
import { ReadableSocket } from '../core/readable.ts'
import { FairQueue } from './fq.ts'
import { type Group, groupFrame } from './group.ts'
import { keyOf } from './routing-id.ts'
import { Lookahead, nextOf } from './single-frame.ts'
import { tell } from './subscriptions.ts'

export type DishOptions = CommonOptions & ReceiveOptions

/** A frame and the group it was sent to. */
export type GroupMessage = [frame: ReceivedFrame, about: { readonly group: ReceivedFrame }]

/** ZMQ_DISH. */
export class Dish extends ReadableSocket<GroupMessage> {
  readonly #fq = new FairQueue()
  readonly #groups = new Map<string, Uint8Array>()
  readonly #in = new Lookahead(() => this.#next())

  constructor(options?: DishOptions) {
    super('DISH', options)
  }

  /** Asks for the messages of these groups. Throws EINVAL for one joined already or over 255 bytes; those before it are joined. zmq_join. */
  join(...groups: Group[]): void {
    this.assertOpen()
    for (const group of groups) {
      const frame = new Frame(groupFrame(group)) // a copy: the caller may reuse his bytes
      if (this.#groups.has(keyOf(frame))) throw new ZmqError('EINVAL', `Joined already: ${group}`)
      this.#groups.set(keyOf(frame), frame)
      tell(true, frame, this.attached)
    }
  }

  /** Ends the membership in these groups. Throws EINVAL for one not joined; those before it are left. zmq_leave. */
  leave(...groups: Group[]): void {
    this.assertOpen()
    for (const group of groups) {
      const frame = groupFrame(group)
      if (!this.#groups.delete(keyOf(frame))) throw new ZmqError('EINVAL', `Not joined: ${group}`)
      tell(false, frame, this.attached)
    }
  }

  protected override xattach(pipe: Pipe): void {
    this.#fq.attach(pipe)
  }

  protected override xready(pipe: Pipe): void {
    for (const group of this.#groups.values()) tell(true, group, [pipe])
  }

  protected override xread(pipe: Pipe): void {
    this.#fq.activated(pipe)
  }

  protected override xterminated(pipe: Pipe): void {
    this.#fq.terminated(pipe)
  }

  protected override xrecv(): GroupMessage | undefined {
    return this.#in.recv()
  }

  protected override xhasIn(): boolean {
    return this.#in.hasIn()
  }

  protected override xheld(): number {
    return this.#in.held
  }

  /** The radio filters, too; this catches what was under way when a group was left. */
  #next(): GroupMessage | undefined {
    const read = (): Message | undefined => nextOf(2, () => this.#fq.recv(), this.tally)
    for (let message = read(); message; message = read()) {
      const [group, frame] = message as [ReceivedFrame, ReceivedFrame]
      if (this.#groups.has(keyOf(group))) return [frame, { group }]
    }
    return undefined
  }
}

export interface Dish extends Required<DishOptions> {}
defineOptions(Dish, 'DISH')

// RADIO (draft, RFC 48): sends one frame to every DISH that joined its group; one that has no room
// misses it, and that is counted. Never blocks, unless `noDrop`.

import { type Message, type MessageLike, toMessage } from '../core/message.ts'
import { defineOptions } from '../core/option-properties.ts'
import type { CommonOptions, NoDropOptions, SendOptions } from '../core/option-types.ts'
import type { Pipe } from '../core/pipe.ts'
import type { WaitOptions } from '../core/waiters.ts'
import { SendingSocket } from '../core/writable.ts'
import { Distributor } from './dist.ts'
import { type Group, groupFrame } from './group.ts'
import { keyOf } from './routing-id.ts'
import { assertSingle } from './single-frame.ts'
import { parseSubscription } from './subscription.ts'

export type RadioOptions = CommonOptions & SendOptions & NoDropOptions

/** Which group a message is for (zmq_msg_set_group). */
export interface ToGroup {
  readonly group: Group
}

/** ZMQ_RADIO. */
export class Radio extends SendingSocket {
  readonly #dist = new Distributor()
  readonly #members = new Map<string, Set<Pipe>>() // by the key of their group

  constructor(options?: RadioOptions) {
    super('RADIO', options)
  }

  /**
   * Queues one frame for those who joined `group`. Rejects with EINVAL for another number of frames or
   * a group over 255 bytes, EBADF when the socket is closed, and, with `noDrop` only, with EAGAIN
   * after `sendTimeout` or the signal's reason.
   */
  send(message: MessageLike, to: ToGroup & WaitOptions): Promise<void> {
    try {
      return this.post(addressed(message, to), to)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** As `send`, at once: false only with `noDrop` and while a member has no room. Throws EINVAL, EBADF. */
  trySend(message: MessageLike, to: ToGroup): boolean {
    return this.tryPost(addressed(message, to))
  }

  protected override xattach(pipe: Pipe): void {
    this.#dist.attach(pipe)
  }

  protected override xread(pipe: Pipe): void {
    for (let message = pipe.read(); message; message = pipe.read()) {
      const asked = message.length === 1 ? parseSubscription(message[0] as Uint8Array) : undefined
      if (asked?.subscribe) this.#joined(keyOf(asked.prefix), pipe)
      else if (asked) this.#left(keyOf(asked.prefix), pipe)
    }
  }

  protected override xterminated(pipe: Pipe): void {
    for (const group of this.#members.keys()) this.#left(group, pipe)
    this.#dist.terminated(pipe)
  }

  protected override xsend(message: Message): boolean {
    const members = this.#members.get(keyOf(message[0] as Uint8Array))
    for (const pipe of members ?? []) this.#dist.match(pipe)
    if (this.settings.noDrop && !this.#dist.hasRoom()) return false
    if (this.#dist.matched === 0) this.tally.drop('no-peer', 1)
    this.tally.drop('hwm', this.#dist.send(message))
    return true
  }

  protected override xhasOut(): boolean {
    return true
  }

  #joined(group: string, pipe: Pipe): void {
    const members = this.#members.get(group)
    if (members) members.add(pipe)
    else this.#members.set(group, new Set([pipe]))
  }

  #left(group: string, pipe: Pipe): void {
    const members = this.#members.get(group)
    if (members?.delete(pipe) && members.size === 0) this.#members.delete(group)
  }
}

function addressed(message: MessageLike, to: ToGroup | undefined): Message {
  const frames = [groupFrame(to?.group), ...toMessage(message)]
  assertSingle(frames, 1)
  return frames
}

export interface Radio extends Required<RadioOptions> {}
defineOptions(Radio, 'RADIO')

// Wishes: what a subscriber or a DISH asks for. In a pipe a wish is a message of one frame, 1 to ask
// or 0 to take back, then the prefix or group. On the wire it may be a command, told only to those
// who publish.

import { Frame, type Message } from '../core/message.ts'
import type { SocketType } from '../core/socket-type.ts'
import { type Command, encodeCommand } from './zmtp/command.ts'

/** The commands for one kind of wish: what takes it back, what asks. */
export type WishNames = readonly [cancel: string, ask: string]

export const SUBSCRIPTIONS: WishNames = ['CANCEL', 'SUBSCRIBE']
export const GROUPS: WishNames = ['LEAVE', 'JOIN']

const PUBLISHERS: readonly (readonly [WishNames, readonly SocketType[]])[] = [
  [SUBSCRIPTIONS, ['PUB', 'XPUB']],
  [GROUPS, ['RADIO']],
]

/** The body of the command for a message; undefined if it is no wish. */
export function wishCommand(message: Message, names: WishNames): Uint8Array | undefined {
  const frame = message[0] as Uint8Array
  if (message.length > 1 || (frame[0] !== 0 && frame[0] !== 1)) return undefined
  return encodeCommand(names[frame[0]], frame.subarray(1))
}

/** The message for a command; undefined if it is no wish, or none for this type of socket. */
export function wishMessage({ name, data }: Command, socketType: SocketType): Message | undefined {
  for (const [names, publishers] of PUBLISHERS) {
    const first = names.indexOf(name)
    if (first >= 0) return publishers.includes(socketType) ? [wish(first, data)] : undefined
  }
  return undefined
}

function wish(first: number, data: Uint8Array): Uint8Array {
  const frame = new Frame(1 + data.byteLength)
  frame[0] = first
  frame.set(data, 1)
  return frame
}

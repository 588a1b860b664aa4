// What a device asks of the sockets it was given: whether they receive, whether they send, and to
// take a message without ever waiting.

import { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import type { Readable } from '../core/readable.ts'
import type { Socket } from '../core/socket.ts'
import type { SocketType } from '../core/socket-type.ts'
import type { Writable } from '../core/writable.ts'

export type Receiver = Socket & Readable
export type Sender = Socket & Writable

/** Their messages come with a routing id or a group beside the frames: a device takes only frames. */
const ADDRESSED: readonly SocketType[] = ['SERVER', 'PEER', 'RADIO', 'DISH']

export function canReceive(socket: Socket): socket is Receiver {
  return 'tryReceive' in socket && !ADDRESSED.includes(socket.socketType)
}

export function canSend(socket: Socket): socket is Sender {
  return 'trySend' in socket && !ADDRESSED.includes(socket.socketType)
}

/**
 * `full`: not now, the message stays with the caller. `refused`: this socket will not take it (a
 * mandatory ROUTER that knows no such peer, a frame rule broken, closed).
 */
export type Outcome = 'taken' | 'full' | 'refused'

export function offer(to: Sender, message: Message): Outcome {
  try {
    return to.trySend(message) ? 'taken' : 'full'
  } catch (error) {
    if (error instanceof ZmqError) return 'refused'
    throw error
  }
}

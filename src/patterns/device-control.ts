// The control socket of a device, as zmq_proxy_steerable has it: one command a message, one frame a
// command. Only STATISTICS is answered, but a REP must answer everything: an empty frame.

import { allocate, EMPTY_FRAME, type Message } from '../core/message.ts'
import type { Socket } from '../core/socket.ts'
import { canSend, offer, type Receiver } from './device-sockets.ts'

/** Messages, and the bytes in all their frames, since the device was made. */
export interface Traffic {
  readonly messages: number
  readonly bytes: number
}

/** What a device received from one of its sockets and sent to it. */
export interface SideStatistics {
  readonly received: Traffic
  readonly sent: Traffic
}

export interface DeviceStatistics {
  readonly front: SideStatistics
  readonly back: SideStatistics
  /** Messages that were read and that the other side refused (such as EHOSTUNREACH). */
  readonly dropped: number
  /** Copies that the capture socket had no room for. */
  readonly captureMissed: number
}

/** What can be steered. */
export interface Steerable {
  pause(): void
  resume(): void
  stop(): Promise<void>
  statistics(): DeviceStatistics
}

type Command = (device: Steerable) => unknown

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['PAUSE', (device) => device.pause()],
  ['RESUME', (device) => device.resume()],
  ['TERMINATE', (device) => device.stop()],
])
const UINT64_BYTES = 8

export class Control {
  readonly #socket: Receiver

  constructor(socket: Receiver) {
    this.#socket = socket
  }

  /** Carries out one command if there is one. An answer that finds no room is given up. */
  obey(device: Steerable): boolean {
    const message = this.#socket.readable ? this.#socket.tryReceive() : undefined
    if (message === undefined) return false
    const name = message.length === 1 ? String(message[0]) : ''
    COMMANDS.get(name)?.(device)
    const socket: Socket = this.#socket
    if (!canSend(socket)) return true
    if (name === 'STATISTICS') offer(socket, encodeStatistics(device.statistics()))
    else if (socket.socketType === 'REP') offer(socket, [EMPTY_FRAME])
    return true
  }
}

/** Eight frames of uint64 in the byte order of all machines that run JavaScript, little-endian. */
function encodeStatistics({ front, back }: DeviceStatistics): Message {
  const traffic = [front.received, front.sent, back.received, back.sent]
  return traffic.flatMap(({ messages, bytes }) => [uint64(messages), uint64(bytes)])
}

function uint64(value: number): Uint8Array {
  const frame = allocate(UINT64_BYTES)
  const view = new DataView(frame.buffer, frame.byteOffset, UINT64_BYTES)
  view.setBigUint64(0, BigInt(value), true)
  return frame
}

// A device joins two sockets: what one receives, the other sends (RFC 28: queue, RFC 29: forwarder,
// RFC 30: streamer; libzmq's zmq_proxy and zmq_proxy_steerable).
//
//   clients -- front ==> back -- servers        ==> exists if front receives and back sends
//                    <==                        <== exists if back receives and front sends
//
// It knows nothing of transports: bind and connect the sockets to whatever is to be bridged.

import { ZmqError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import type { Socket } from '../core/socket.ts'
import type { SocketType } from '../core/socket-type.ts'
import type { Dealer } from './dealer.ts'
import { Control, type DeviceStatistics, type Steerable } from './device-control.ts'
import { type Counter, Direction } from './device-direction.ts'
import { Loop } from './device-loop.ts'
import { canReceive, canSend, offer, type Receiver, type Sender } from './device-sockets.ts'
import type { Pull } from './pull.ts'
import type { Push } from './push.ts'
import type { Router } from './router.ts'
import type { XPublisher } from './xpub.ts'
import type { XSubscriber } from './xsub.ts'

export type { DeviceStatistics, SideStatistics, Traffic } from './device-control.ts'

export interface DeviceOptions {
  /** Gets a copy of each forwarded message; without room it misses copies, which is counted. */
  capture?: Sender
  /**
   * Takes the frames PAUSE, RESUME, TERMINATE and STATISTICS (zmq_proxy_steerable): a PAIR, PULL,
   * SUB or REP. STATISTICS is answered with 8 frames of uint64, little-endian: front received
   * messages, bytes; front sent; back received; back sent. A REP answers all else with an empty frame.
   */
  control?: Receiver
}

export class Device implements Steerable {
  readonly #forth: Direction | undefined
  readonly #back: Direction | undefined
  readonly #loop: Loop
  #captureMissed = 0
  #running: Promise<void> | undefined

  /**
   * Joins any two sockets, or one with itself. They stay the caller's, who closes them, and who
   * must not send or receive on them while the device runs. Throws EINVAL for a pair between which
   * no message can pass, a capture that cannot send, and a control that cannot receive.
   */
  constructor(front: Socket, back: Socket, { capture, control }: DeviceOptions = {}) {
    if (capture && !canSend(capture)) throw invalid('A capture socket must be able to send')
    if (control && !canReceive(control)) throw invalid('A control socket must be able to receive')
    const copy = (message: Message): void => {
      if (capture && offer(capture, message) !== 'taken') this.#captureMissed++
    }
    const join = (from: Socket, to: Socket): Direction | undefined =>
      canReceive(from) && canSend(to) ? new Direction(from, to, copy) : undefined
    this.#forth = join(front, back)
    this.#back = front === back ? undefined : join(back, front)
    const directions = [this.#forth, this.#back].filter((one) => one !== undefined)
    if (directions.length === 0)
      throw invalid(`No message can pass between ${front.socketType} and ${back.socketType}`)
    const commands = control && new Control(control)
    const sockets = [front, back, capture, control].filter((one) => one !== undefined)
    this.#loop = new Loop(sockets, directions, () => commands?.obey(this) ?? false)
  }

  /** Requests go to servers in turn, replies back to whoever asked. Throws EINVAL. RFC 28, ZMQ_QUEUE. */
  static queue(front: Router, back: Dealer, options?: DeviceOptions): Device {
    return paired('queue', 'ROUTER', front, 'DEALER', back, options)
  }

  /** Messages go to subscribers, their subscriptions to publishers. Throws EINVAL. RFC 29, ZMQ_FORWARDER. */
  static forwarder(front: XSubscriber, back: XPublisher, options?: DeviceOptions): Device {
    return paired('forwarder', 'XSUB', front, 'XPUB', back, options)
  }

  /** Messages of all pushers go to pullers in turn. Throws EINVAL. RFC 30, ZMQ_STREAMER. */
  static streamer(front: Pull, back: Push, options?: DeviceOptions): Device {
    return paired('streamer', 'PULL', front, 'PUSH', back, options)
  }

  /**
   * Forwards until `stop`, TERMINATE, or one of the sockets is closed, then resolves; keeps the
   * process alive meanwhile. At most 1000 messages a direction go before the event loop turns.
   * Rejects with EFSM when called twice, with EBADF when a socket is closed already.
   */
  run(): Promise<void> {
    if (this.#running)
      return Promise.reject(new ZmqError('EFSM', 'A device runs once: make another one'))
    if (this.#loop.oneClosed) return Promise.reject(new ZmqError('EBADF', 'A socket is closed'))
    this.#running = this.#loop.run()
    return this.#running
  }

  /** Stops reading, so that queues fill; commands are still obeyed. */
  pause(): void {
    this.#loop.pause(true)
  }

  /** Goes on after `pause`. */
  resume(): void {
    this.#loop.pause(false)
  }

  /**
   * Ends the run; resolves when nothing moves any more, and never rejects. What was not read stays
   * in the sockets. A message that a `noDrop` XPUB or mandatory ROUTER has no room for yet waits in
   * that socket as if sent with `send`.
   */
  async stop(): Promise<void> {
    this.#loop.stop()
    await this.#running?.catch(() => {})
  }

  /** Counts since the device was made; a socket joined with itself counts as front received, back sent. */
  statistics(): DeviceStatistics {
    const [forth, back] = [this.#forth, this.#back]
    return {
      front: { received: snapshot(forth?.received), sent: snapshot(back?.sent) },
      back: { received: snapshot(back?.received), sent: snapshot(forth?.sent) },
      dropped: (forth?.dropped ?? 0) + (back?.dropped ?? 0),
      captureMissed: this.#captureMissed,
    }
  }
}

function paired(
  name: string,
  frontType: SocketType,
  front: Socket,
  backType: SocketType,
  back: Socket,
  options?: DeviceOptions,
): Device {
  if (front.socketType === frontType && back.socketType === backType)
    return new Device(front, back, options)
  throw invalid(
    `A ${name} needs ${frontType} in front and ${backType} at the back, not ${front.socketType} and ${back.socketType}`,
  )
}

function snapshot(counter?: Counter): { messages: number; bytes: number } {
  return { messages: counter?.messages ?? 0, bytes: counter?.bytes ?? 0 }
}

function invalid(message: string): ZmqError {
  return new ZmqError('EINVAL', message)
}

// Bare pipes without sockets, and sinks that write down what they are told.
import type { Message } from '../../src/core/message.ts'
import { NO_SHARE, type PeerInfo, Pipe, type PipeSink } from '../../src/core/pipe.ts'
import type { SocketType } from '../../src/core/socket-type.ts'
import { bytes, message } from './texts.ts'

export type Told = 'ready' | 'lost' | 'read' | 'write' | 'terminated' | 'cut'

export class RecordingSink implements PipeSink {
  readonly told: Told[] = []

  ready(): void {
    this.told.push('ready')
  }

  lost(): void {
    this.told.push('lost')
  }

  readActivated(): void {
    this.told.push('read')
  }

  writeActivated(): void {
    this.told.push('write')
  }

  terminated(_pipe: Pipe, cut: boolean): void {
    this.told.push(cut ? 'cut' : 'terminated')
  }

  count(what: Told): number {
    return this.told.filter((told) => told === what).length
  }
}

export interface PairOfSinks {
  readonly near: Pipe
  readonly far: Pipe
  readonly nearSink: RecordingSink
  readonly farSink: RecordingSink
}

/** A pipe with a recording sink at each end; near to far holds `hwm` messages (0 = unlimited). */
export function pairOfSinks(hwm = 0): PairOfSinks {
  const { near, far } = Pipe.pair()
  const nearSink = new RecordingSink()
  const farSink = new RecordingSink()
  near.setLimits(hwm, NO_SHARE)
  near.attach(nearSink)
  far.attach(farSink)
  return { near, far, nearSink, farSink }
}

/** A near end for a pattern, with the far end in the test's hands. */
export function barePipe(hwm = 0): { near: Pipe; far: Pipe } {
  const { near, far } = Pipe.pair()
  near.setLimits(hwm, NO_SHARE)
  return { near, far }
}

/** Writes until the pipe is full; returns how many it took. */
export function fill(pipe: Pipe, most = 10_000): number {
  let taken = 0
  while (taken < most && pipe.write(message(`${taken}`))) taken++
  return taken
}

/** Reads all there is. */
export function readAll(pipe: Pipe): Message[] {
  const all: Message[] = []
  for (let next = pipe.read(); next; next = pipe.read()) all.push(next)
  return all
}

export function peerInfo(socketType: SocketType, routingId = ''): PeerInfo {
  return { socketType, routingId: bytes(routingId), address: 'test', properties: new Map() }
}

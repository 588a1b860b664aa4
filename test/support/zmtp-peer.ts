// The bytes a ZMTP peer would send, and a sink that collects what a protocol decodes.
import { Batch } from '../../src/core/batch.ts'
import type { Message } from '../../src/core/message.ts'
import type { PeerInfo } from '../../src/core/pipe.ts'
import type { SocketType } from '../../src/core/socket-type.ts'
import type { Protocol, ProtocolSink } from '../../src/core/transport.ts'
import { COMMAND, encodeFrame, MORE } from '../../src/wire/frame.ts'
import { encodeCommand } from '../../src/wire/zmtp/command.ts'
import { encodeGreeting } from '../../src/wire/zmtp/greeting.ts'
import { sendReady } from '../../src/wire/zmtp/null.ts'

/** Collects what `write` puts into a batch. */
export function collected(write: (out: Batch) => void): Uint8Array {
  const out = new Batch()
  write(out)
  return Uint8Array.from(Buffer.concat(out.take()))
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

export function greeting(minor = 1, mechanism = 'NULL'): Uint8Array {
  const bytes = encodeGreeting(mechanism)
  bytes[11] = minor
  return bytes
}

export function ready(socketType: SocketType): Uint8Array {
  return collected((out) =>
    sendReady({ socketType, routingId: new Uint8Array(0), metadata: {} }, out),
  )
}

/** A property of READY, in hex. */
export function property(name: string, value: string): string {
  const bytes = Buffer.from(value)
  const size = Buffer.alloc(4)
  size.writeUInt32BE(bytes.length)
  return Buffer.concat([Uint8Array.of(name.length), Buffer.from(name), size, bytes]).toString('hex')
}

export function handshake(socketType: SocketType, minor = 1): Uint8Array {
  return join(greeting(minor), ready(socketType))
}

export function frames(message: Message): Uint8Array {
  return collected((out) => {
    message.forEach((frame, i) => {
      encodeFrame(i < message.length - 1 ? MORE : 0, frame, out)
    })
  })
}

export function command(name: string, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  return collected((out) => encodeFrame(COMMAND, encodeCommand(name, data), out))
}

export class Collector implements ProtocolSink {
  readonly out: Batch = new Batch()
  readonly messages: Message[] = []
  readonly peers: PeerInfo[] = []
  readonly timesToLive: number[] = []

  handshaken(peer: PeerInfo): boolean {
    this.peers.push(peer)
    return true
  }

  message(message: Message): boolean {
    this.messages.push(message)
    return true
  }

  timeToLive(ms: number): void {
    this.timesToLive.push(ms)
  }

  /** What the protocol answered since the last call. */
  answers(): Uint8Array {
    return Uint8Array.from(Buffer.concat(this.out.take()))
  }
}

/** What `protocol` makes of `bytes` that arrive in one chunk. */
export function feed(
  protocol: Protocol,
  bytes: Uint8Array,
  to: Collector = new Collector(),
): Collector {
  protocol.decode(bytes, to)
  return to
}

// ZWS 2.0 (RFC 45) for one connection: a WebSocket message is one frame, a flags byte and a body.
//
//   ZWS2.0        00 + routing id both ways, then traffic       nobody says what socket it is
//   ZWS2.0/NULL   02 + READY both ways, then traffic            READY as in ZMTP
//
// Nothing but this handshake is sent before the peer's part of it came. Some servers agree to
// ZWS2.0/NULL and speak ZWS2.0 (they echo whatever name comes first), so a client lets the server
// begin and answers in kind.

import { Batch } from '../core/batch.ts'
import { ZmqError } from '../core/errors.ts'
import { EMPTY_FRAME, Frame, type Message } from '../core/message.ts'
import { checkRoutingId, routingIdOf } from '../core/options.ts'
import type { PeerInfo } from '../core/pipe.ts'
import { PEERS, type SocketType } from '../core/socket-type.ts'
import type { Host, Protocol, ProtocolSink } from '../core/transport.ts'
import { FrameDecoder } from './frame.ts'
import { decodeCommand, encodeCommand } from './zmtp/command.ts'
import { type LocalInfo, receiveReady, sendReady } from './zmtp/null.ts'

const LAST = 0
const MORE = 0x01
const COMMAND = 0x02
const FLAGS_BYTES = 1

/** Largest body taken before the handshake is done, whatever `maxMessageSize` says. */
const HANDSHAKE_BYTES = 64 * 1024

/** Commands for what travels in a pipe as a message: its first byte, and who listens to it. */
const WISHES: Readonly<Record<string, readonly [first: number, ...publishers: SocketType[]]>> = {
  SUBSCRIBE: [1, 'PUB', 'XPUB'],
  CANCEL: [0, 'PUB', 'XPUB'],
  JOIN: [1, 'RADIO'],
  LEAVE: [0, 'RADIO'],
}

/** What the protocol needs to know of its side of the connection. */
export interface ZwsLocal extends LocalInfo {
  /** Bytes; -1 = no limit. */
  readonly maxMessageSize: number
  /** The subprotocol is ZWS2.0/NULL, not ZWS2.0. */
  readonly withReady: boolean
  /** This side connected. */
  readonly client: boolean
}

/** The protocol of a new WebSocket of `host`'s socket. */
export function zwsFor(
  peerAddress: string,
  { socketType, options }: Host,
  form: Pick<ZwsLocal, 'withReady' | 'client'>,
): Protocol {
  const { metadata, maxMessageSize } = options
  const local = { socketType, routingId: routingIdOf(options), metadata, maxMessageSize, ...form }
  return new Zws(local, peerAddress)
}

/** Takes whole WebSocket messages; writes one piece for each. */
export class Zws implements Protocol {
  readonly #local: ZwsLocal
  readonly #address: string
  readonly #joins: boolean
  #limit: number
  #handshaken = false
  #parts: Message | undefined // the frames so far of a multipart message

  constructor(local: ZwsLocal, address: string) {
    this.#local = local
    this.#address = address
    this.#joins = local.socketType === 'DISH'
    this.#limit = Math.min(limit(local.maxMessageSize), HANDSHAKE_BYTES)
  }

  start(out: Batch): void {
    if (!this.#local.withReady) encode(LAST, this.#local.routingId, out)
    else if (!this.#local.client) encode(COMMAND, readyBody(this.#local), out)
  }

  encode(message: Message, out: Batch): void {
    if (this.#joins && encodeJoin(message, out)) return
    const last = message.length - 1
    for (let i = 0; i < last; i++) encode(MORE, message[i] as Uint8Array, out)
    encode(LAST, message[last] as Uint8Array, out)
  }

  decode(chunk: Uint8Array, to: ProtocolSink): void {
    const flags = chunk[0]
    const size = chunk.byteLength - FLAGS_BYTES
    if (flags === undefined)
      throw this.#wrong('ERR_ZMTP_FRAME', 'sent a WebSocket message without content')
    if (size > this.#limit) {
      const what = `sent a frame of ${size} bytes, over the limit of ${this.#limit}`
      throw this.#wrong('ERR_ZMTP_MESSAGE_TOO_LARGE', what)
    }
    const body = new Frame(chunk.buffer as ArrayBuffer, chunk.byteOffset + FLAGS_BYTES, size)
    if (!this.#handshaken) this.#shakeHands(flags, body, to)
    else if ((flags & COMMAND) !== 0) this.#command(body, to)
    else if ((flags & MORE) === 0) to.message(this.#whole(body))
    else if (this.#parts) this.#parts.push(body)
    else this.#parts = [body]
  }

  resume(): void {} // a chunk is one frame: nothing of it is ever left

  #whole(last: Uint8Array): Message {
    const parts = this.#parts
    if (parts === undefined) return [last]
    this.#parts = undefined
    parts.push(last)
    return parts
  }

  #shakeHands(flags: number, body: Uint8Array, to: ProtocolSink): void {
    const { withReady, client } = this.#local
    const isCommand = (flags & COMMAND) !== 0
    const answers = withReady && client
    const plain = answers ? !isCommand : !withReady
    if (answers)
      encode(plain ? LAST : COMMAND, plain ? this.#local.routingId : readyBody(this.#local), to.out)
    const peer = plain ? this.#anonymous(isCommand, body) : this.#ready(isCommand, body)
    this.#handshaken = true
    this.#limit = limit(this.#local.maxMessageSize)
    to.handshaken(peer)
  }

  #ready(isCommand: boolean, body: Uint8Array): PeerInfo {
    const command = isCommand ? decodeCommand(body) : undefined
    return receiveReady(command, this.#local, this.#address)
  }

  /** A peer that tells its routing id and nothing else. */
  #anonymous(isCommand: boolean, routingId: Uint8Array): PeerInfo {
    if (isCommand)
      throw this.#wrong(
        'ERR_ZMTP_UNEXPECTED_COMMAND',
        'sent a command where its routing id was due',
      )
    const { socketType } = this.#local
    const problem = socketType === 'ROUTER' && routingId.byteLength > 0 && checkRoutingId(routingId)
    if (problem) throw this.#wrong('ERR_ZMTP_METADATA', `sent a routing id that ${problem}`)
    const [theirs] = PEERS[socketType]
    return {
      socketType: theirs as SocketType,
      routingId: routingId.byteLength > 0 ? routingId : EMPTY_FRAME,
      address: this.#address,
      properties: new Map(),
    }
  }

  /** Unknown commands are ignored, and those that are for another type of socket. */
  #command(body: Uint8Array, to: ProtocolSink): void {
    const command = decodeCommand(body)
    if (command === undefined || !Object.hasOwn(WISHES, command.name)) return
    const [first, ...publishers] = WISHES[command.name] as (typeof WISHES)[string]
    if (!publishers.includes(this.#local.socketType)) return
    const frame = new Frame(1 + command.data.byteLength)
    frame[0] = first
    frame.set(command.data, 1)
    to.message([frame])
  }

  #wrong(code: string, what: string): ZmqError {
    return new ZmqError(code, `The peer ${what}`, { address: this.#address })
  }
}

/** One frame, one piece: bodies are copied whatever their size, to be behind their flags. */
function encode(flags: number, body: Uint8Array, out: Batch): void {
  const at = out.reserve(FLAGS_BYTES + body.byteLength)
  const slab = out.slab
  slab[at] = flags
  slab.set(body, at + FLAGS_BYTES)
  out.cut()
}

/** False: the message is no wish of a DISH. */
function encodeJoin(message: Message, out: Batch): boolean {
  const frame = message[0] as Uint8Array
  if (message.length > 1 || (frame[0] !== 0 && frame[0] !== 1)) return false
  encode(COMMAND, encodeCommand(frame[0] === 1 ? 'JOIN' : 'LEAVE', frame.subarray(1)), out)
  return true
}

/** The body of the READY command that ZMTP sends in a frame of its own kind. */
function readyBody(local: LocalInfo): Uint8Array {
  const framed = new Batch()
  sendReady(local, framed)
  const frames = new FrameDecoder(-1)
  for (const piece of framed.take()) {
    frames.push(piece)
    frames.next()
  }
  return frames.body
}

function limit(maxMessageSize: number): number {
  return maxMessageSize < 0 ? Number.POSITIVE_INFINITY : maxMessageSize
}

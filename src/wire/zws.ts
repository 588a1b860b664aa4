// ZWS 2.0 (RFC 45) for one connection: a WebSocket message is one frame, a flags byte and a body.
//
//   ZWS2.0        00 + routing id both ways, then traffic       nobody says what socket it is
//   ZWS2.0/NULL   02 + READY both ways, then traffic            READY as in ZMTP
//
// Nothing but this handshake is sent before the peer's part of it came. Some servers agree to
// ZWS2.0/NULL and speak ZWS2.0 (they echo whatever name comes first), so a client lets the server
// begin and answers in kind.

import type { Batch } from '../core/batch.ts'
import { ZmqError } from '../core/errors.ts'
import { EMPTY_FRAME, Frame, type Message } from '../core/message.ts'
import { routingIdOf } from '../core/options.ts'
import type { PeerInfo } from '../core/pipe.ts'
import { PEERS, type SocketType } from '../core/socket-type.ts'
import type { Host, Protocol, ProtocolSink } from '../core/transport.ts'
import { frameLimit, handshakeLimit } from './limits.ts'
import { Multipart } from './multipart.ts'
import { GROUPS, wishCommand, wishMessage } from './wishes.ts'
import { decodeCommand } from './zmtp/command.ts'
import { checkIdentity, type LocalInfo, readyBody, receiveReady } from './zmtp/null.ts'

const LAST = 0
const MORE = 0x01
const COMMAND = 0x02
const FLAGS_BYTES = 1

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
  readonly #multipart = new Multipart()

  constructor(local: ZwsLocal, address: string) {
    this.#local = local
    this.#address = address
    this.#joins = local.socketType === 'DISH'
    this.#limit = handshakeLimit(local.maxMessageSize)
  }

  start(out: Batch): void {
    if (!this.#local.withReady) encode(LAST, this.#local.routingId, out)
    else if (!this.#local.client) encode(COMMAND, readyBody(this.#local), out)
  }

  encode(message: Message, out: Batch): void {
    const join = this.#joins && wishCommand(message, GROUPS)
    if (join) return encode(COMMAND, join, out)
    const last = message.length - 1
    for (let i = 0; i < last; i++) encode(MORE, message[i] as Uint8Array, out)
    encode(LAST, message[last] as Uint8Array, out)
  }

  decode(chunk: Uint8Array, to: ProtocolSink): void {
    const flags = chunk[0]
    const size = chunk.length - FLAGS_BYTES
    if (flags === undefined)
      throw this.#wrong('ERR_ZMTP_FRAME', 'sent a WebSocket message without content')
    if (size > this.#limit) {
      const what = `sent a frame of ${size} bytes, over the limit of ${this.#limit}`
      throw this.#wrong('ERR_ZMTP_MESSAGE_TOO_LARGE', what)
    }
    const body = new Frame(chunk.buffer as ArrayBuffer, chunk.byteOffset + FLAGS_BYTES, size)
    if (!this.#handshaken) this.#shakeHands(flags, body, to)
    else if ((flags & COMMAND) !== 0) this.#command(body, to)
    else if ((flags & MORE) !== 0) this.#multipart.more(body)
    else to.message(this.#multipart.last(body))
  }

  resume(): void {} // a chunk is one frame: nothing of it is ever left

  #shakeHands(flags: number, body: Uint8Array, to: ProtocolSink): void {
    const { withReady, client } = this.#local
    const isCommand = (flags & COMMAND) !== 0
    const answers = withReady && client
    const plain = answers ? !isCommand : !withReady
    if (answers)
      encode(plain ? LAST : COMMAND, plain ? this.#local.routingId : readyBody(this.#local), to.out)
    const peer = plain ? this.#anonymous(isCommand, body) : this.#ready(isCommand, body)
    this.#handshaken = true
    this.#limit = frameLimit(this.#local.maxMessageSize)
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
    checkIdentity(routingId, this.#local, this.#address)
    const [theirs] = PEERS[this.#local.socketType]
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
    const wish = command && wishMessage(command, this.#local.socketType)
    if (wish) to.message(wish)
  }

  #wrong(code: string, what: string): ZmqError {
    return new ZmqError(code, `The peer ${what}`, { address: this.#address })
  }
}

/** One frame, one piece: bodies are copied whatever their size, to be behind their flags. */
function encode(flags: number, body: Uint8Array, out: Batch): void {
  const at = out.reserve(FLAGS_BYTES + body.length)
  const slab = out.slab
  slab[at] = flags
  slab.set(body, at + FLAGS_BYTES)
  out.cut()
}

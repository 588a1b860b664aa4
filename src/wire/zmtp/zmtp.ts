// ZMTP 3.1 for one connection (RFC 37): greeting, READY, then frames. Reads top to bottom.
//
//   send greeting -> peer's greeting -> send READY -> peer's READY -> messages and commands
//
// Nothing but the greeting and READY is sent before the peer's READY came: libzmq would take it
// for a part of the handshake and close.

import type { Batch } from '../../core/batch.ts'
import { ZmqError } from '../../core/errors.ts'
import type { Message } from '../../core/message.ts'
import { routingIdOf } from '../../core/options.ts'
import type { Connection, Host, Protocol, ProtocolSink } from '../../core/transport.ts'
import { COMMAND, encodeFrame, FrameDecoder, MORE } from '../frame.ts'
import { handshakeLimit } from '../limits.ts'
import { Multipart } from '../multipart.ts'
import { GROUPS, SUBSCRIPTIONS, type WishNames, wishCommand, wishMessage } from '../wishes.ts'
import { decodeCommand, encodeCommand, quoted } from './command.ts'
import { checkGreeting, decodeGreeting, encodeGreeting, GREETING_BYTES } from './greeting.ts'
import { type LocalInfo, receiveReady, sendReady } from './null.ts'

const MECHANISM = 'NULL'
const LONGEST_CONTEXT = 16
const TENTH_MS = 100 // the unit of a time to live

/** What the protocol needs to know of its socket. */
export interface ZmtpLocal extends LocalInfo {
  /** Bytes; -1 = no limit. */
  readonly maxMessageSize: number
}

/** The protocol of a new connection of `host`'s socket. */
export function zmtpFor(connection: Connection, { socketType, options }: Host): Protocol {
  const { metadata, maxMessageSize } = options
  const local = { socketType, routingId: routingIdOf(options), metadata, maxMessageSize }
  return new Zmtp(local, connection.peerAddress)
}

export class Zmtp implements Protocol {
  readonly #local: ZmtpLocal
  readonly #address: string
  readonly #frames: FrameDecoder
  readonly #greeting = new Uint8Array(GREETING_BYTES)
  #greeted = 0
  #wishes: WishNames | undefined // the commands in which the peer takes what this side asks for
  #ready = false
  readonly #multipart = new Multipart()

  constructor(local: ZmtpLocal, address: string) {
    this.#local = local
    this.#address = address
    this.#frames = new FrameDecoder(handshakeLimit(local.maxMessageSize))
  }

  start(out: Batch): void {
    out.copy(encodeGreeting(MECHANISM))
  }

  encode(message: Message, out: Batch): void {
    const wish = this.#wishes && wishCommand(message, this.#wishes)
    if (wish) return encodeFrame(COMMAND, wish, out)
    const last = message.length - 1
    for (let i = 0; i < last; i++) encodeFrame(MORE, message[i] as Uint8Array, out)
    encodeFrame(0, message[last] as Uint8Array, out)
  }

  ping(timeToLiveMs: number, out: Batch): void {
    const tenths = Math.floor(timeToLiveMs / TENTH_MS)
    const ttl = Uint8Array.of(tenths >>> 8, tenths & 0xff)
    encodeFrame(COMMAND, encodeCommand('PING', ttl), out)
  }

  decode(chunk: Uint8Array, to: ProtocolSink): void {
    const rest = this.#greeted < GREETING_BYTES ? this.#greet(chunk, to.out) : chunk
    if (rest.length === 0) return
    this.#frames.push(rest)
    this.resume(to)
  }

  resume(to: ProtocolSink): void {
    const frames = this.#frames
    while (frames.next()) {
      const { flags, body } = frames
      if ((flags & COMMAND) !== 0 || !this.#ready) {
        if (!this.#command(body, to)) return
      } else if ((flags & MORE) !== 0) {
        this.#multipart.more(body)
      } else if (!to.message(this.#multipart.last(body))) return
    }
  }

  space(): Uint8Array | undefined {
    return this.#frames.space()
  }

  /** Takes the greeting from the front of the stream; returns what follows it. */
  #greet(chunk: Uint8Array, out: Batch): Uint8Array {
    const part = chunk.subarray(0, GREETING_BYTES - this.#greeted)
    this.#greeting.set(part, this.#greeted)
    this.#greeted += part.length
    checkGreeting(this.#greeting, this.#greeted)
    if (this.#greeted === GREETING_BYTES) this.#greetingDone(out)
    return chunk.subarray(part.length)
  }

  #greetingDone(out: Batch): void {
    const { minor, mechanism } = decodeGreeting(this.#greeting)
    if (mechanism !== MECHANISM) {
      const message = `The peer asks for the security mechanism '${quoted(mechanism)}', this side has ${MECHANISM}`
      throw new ZmqError('ERR_ZMTP_MECHANISM_MISMATCH', message, { address: this.#address })
    }
    const { socketType } = this.#local
    if (socketType === 'DISH') this.#wishes = GROUPS
    else if (minor >= 1 && (socketType === 'SUB' || socketType === 'XSUB'))
      this.#wishes = SUBSCRIPTIONS
    sendReady(this.#local, out)
  }

  /** False: decode no further for now. */
  #command(body: Uint8Array, to: ProtocolSink): boolean {
    const command = decodeCommand(body)
    if (!this.#ready) {
      const peer = receiveReady(command, this.#local, this.#address)
      this.#ready = true
      this.#frames.allow(this.#local.maxMessageSize)
      return to.handshaken(peer)
    }
    if (command?.name === 'PING') pinged(command.data, to)
    const wish = command && wishMessage(command, this.#local.socketType)
    // Unknown commands are ignored (RFC 37); PONG did its duty by arriving.
    return wish === undefined || to.message(wish)
  }
}

/** Answers a PING: time to live(2), context. One that is too short has no answer. */
function pinged(data: Uint8Array, to: ProtocolSink): void {
  const [high, low] = data
  if (high === undefined || low === undefined) return
  to.timeToLive((high * 256 + low) * TENTH_MS)
  encodeFrame(COMMAND, encodeCommand('PONG', data.subarray(2, 2 + LONGEST_CONTEXT)), to.out)
}

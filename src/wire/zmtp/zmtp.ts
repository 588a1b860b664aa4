// ZMTP 3.1 for one connection (RFC 37): greeting, READY, then frames. Reads top to bottom.
//
//   send greeting -> peer's greeting -> send READY -> peer's READY -> messages and commands
//
// Nothing but the greeting and READY is sent before the peer's READY came: libzmq would take it
// for a part of the handshake and close.

import type { Batch } from '../../core/batch.ts'
import { ZmqError } from '../../core/errors.ts'
import { Frame, type Message } from '../../core/message.ts'
import { routingIdOf } from '../../core/options.ts'
import type { SocketType } from '../../core/socket-type.ts'
import type { Connection, Host, Protocol, ProtocolSink } from '../../core/transport.ts'
import { COMMAND, encodeFrame, FrameDecoder, MORE } from '../frame.ts'
import { type Command, decodeCommand, encodeCommand, quoted } from './command.ts'
import { checkGreeting, decodeGreeting, encodeGreeting, GREETING_BYTES } from './greeting.ts'
import { type LocalInfo, receiveReady, sendReady } from './null.ts'

const MECHANISM = 'NULL'
const LONGEST_CONTEXT = 16
const TENTH_MS = 100 // the unit of a time to live

/** Largest frame taken before the peer's READY is done, whatever `maxMessageSize` says. */
const HANDSHAKE_BYTES = 64 * 1024

/** What takes a wish back, what tells it, and who listens to it. A message in a pipe begins with 0 or 1 for it. */
type WishCommands = readonly [cancel: string, ask: string, ...publishers: SocketType[]]
const SUBSCRIPTIONS: WishCommands = ['CANCEL', 'SUBSCRIBE', 'PUB', 'XPUB'] // to ZMTP 3.1 peers
const GROUPS: WishCommands = ['LEAVE', 'JOIN', 'RADIO']

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
  #wishes: WishCommands | undefined // the commands in which the peer takes what this side asks for
  #ready = false
  #parts: Message | undefined // the frames so far of a multipart message

  constructor(local: ZmtpLocal, address: string) {
    this.#local = local
    this.#address = address
    const { maxMessageSize: most } = local
    this.#frames = new FrameDecoder(most < 0 ? HANDSHAKE_BYTES : Math.min(most, HANDSHAKE_BYTES))
  }

  start(out: Batch): void {
    out.copy(encodeGreeting(MECHANISM))
  }

  encode(message: Message, out: Batch): void {
    if (this.#wishes && encodeWish(message, this.#wishes, out)) return
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
    if (rest.byteLength === 0) return
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
        if (this.#parts) this.#parts.push(body)
        else this.#parts = [body]
      } else if (!to.message(this.#whole(body))) return
    }
  }

  #whole(last: Uint8Array): Message {
    const parts = this.#parts
    if (parts === undefined) return [last]
    this.#parts = undefined
    parts.push(last)
    return parts
  }

  /** Takes the greeting from the front of the stream; returns what follows it. */
  #greet(chunk: Uint8Array, out: Batch): Uint8Array {
    const part = chunk.subarray(0, GREETING_BYTES - this.#greeted)
    this.#greeting.set(part, this.#greeted)
    this.#greeted += part.byteLength
    checkGreeting(this.#greeting, this.#greeted)
    if (this.#greeted === GREETING_BYTES) this.#greetingDone(out)
    return chunk.subarray(part.byteLength)
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
    switch (command?.name) {
      case 'SUBSCRIBE':
      case 'CANCEL':
        return this.#wish(command, SUBSCRIPTIONS, to)
      case 'JOIN':
      case 'LEAVE':
        return this.#wish(command, GROUPS, to)
      case 'PING':
        pinged(command.data, to)
        return true
      default:
        return true // unknown commands are ignored (RFC 37); PONG did its duty by arriving
    }
  }

  /** Only those who publish are told of wishes; in a pipe they travel as a message. */
  #wish(
    { name, data }: Command,
    [cancel, _ask, ...publishers]: WishCommands,
    to: ProtocolSink,
  ): boolean {
    if (!publishers.includes(this.#local.socketType)) return true
    const frame = new Frame(1 + data.byteLength)
    frame[0] = name === cancel ? 0 : 1
    frame.set(data, 1)
    return to.message([frame])
  }
}

/** Answers a PING: time to live(2), context. One that is too short has no answer. */
function pinged(data: Uint8Array, to: ProtocolSink): void {
  const [high, low] = data
  if (high === undefined || low === undefined) return
  to.timeToLive((high * 256 + low) * TENTH_MS)
  encodeFrame(COMMAND, encodeCommand('PONG', data.subarray(2, 2 + LONGEST_CONTEXT)), to.out)
}

/** False: the message is no wish. */
function encodeWish(message: Message, names: WishCommands, out: Batch): boolean {
  const frame = message[0] as Uint8Array
  if (message.length > 1 || (frame[0] !== 0 && frame[0] !== 1)) return false
  encodeFrame(COMMAND, encodeCommand(names[frame[0]], frame.subarray(1)), out)
  return true
}

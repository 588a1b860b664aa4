// Good ZWS 2.0 conversations (RFC 45), as their client's WebSocket messages. In a stream, so that the
// same damage can be done to it as to any other, each message has its length(2) in front.
import { PEERS, type SocketType } from '../../src/core/socket-type.ts'
import { encodeCommand } from '../../src/wire/zmtp/command.ts'
import { bytes, fromHex } from '../support/texts.ts'
import { join, property } from '../support/zmtp-peer.ts'
import type { Random } from './random.ts'

const LAST = Uint8Array.of(0)
const MORE = Uint8Array.of(1)
const COMMAND = Uint8Array.of(2)

const last = (text: string): Uint8Array => join(LAST, bytes(text))
const more = (text: string): Uint8Array => join(MORE, bytes(text))
const command = (name: string, data = ''): Uint8Array =>
  join(COMMAND, encodeCommand(name, bytes(data)))

const traffic: readonly (readonly Uint8Array[])[] = [
  [last('hello')],
  [more(''), last('request')],
  [more('a'), more('bb'), more(''), last('dddd')],
  [join(LAST, new Uint8Array(300).fill(7))],
  [last('\x01news'), last('\x00news'), last('\x01')],
  [command('SUBSCRIBE', 'news'), command('CANCEL', 'news')],
  [command('JOIN', 'group'), command('LEAVE', 'group')],
  [more('a'), command('PING', '\0\x01context'), command('DANCE'), last('b')],
  [new Uint8Array(0), LAST, MORE, COMMAND],
]

function stream(...messages: readonly Uint8Array[]): Uint8Array {
  return join(
    ...messages.map((message) =>
      join(Uint8Array.of(message.length >>> 8, message.length & 0xff), message),
    ),
  )
}

function ready(type: SocketType): Uint8Array {
  const named = property('Identity', 'good') + property('X-Role', 'attacker')
  const data = fromHex(property('Socket-Type', type) + named)
  return join(COMMAND, encodeCommand('READY', data))
}

/** Streams that a client of `local` may rightly send: `withReady` under ZWS2.0/NULL, else ZWS2.0. */
export function zwsCorpus(local: SocketType, withReady: boolean): Uint8Array[] {
  const peers = PEERS[local].slice(0, withReady ? undefined : 1)
  return peers.flatMap((peer) => {
    const hellos = withReady ? [ready(peer)] : [LAST, last('good'), last('another id')]
    return hellos.flatMap((hello) => [
      ...traffic.map((one) => stream(hello, ...one)),
      stream(hello, ...traffic.flat()),
      stream(hello, hello, ...traffic.flat()),
      stream(command('ERROR', '\x03400')),
    ])
  })
}

/** The WebSocket messages of a stream; of a damaged one, those that its lengths still make. */
export function webSocketMessages(_random: Random, bytes: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = []
  for (let at = 0; at + 2 <= bytes.length; ) {
    const size = (bytes[at] as number) * 256 + (bytes[at + 1] as number)
    messages.push(bytes.slice(at + 2, at + 2 + size))
    at += 2 + size
  }
  return messages
}

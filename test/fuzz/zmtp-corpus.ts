// Good ZMTP 3 conversations, as their client's side of the bytes: what mutations start from.
import { PEERS, type SocketType } from '../../src/core/socket-type.ts'
import { bytes, fromHex, message } from '../support/texts.ts'
import { command, frames, greeting, handshake, join, property } from '../support/zmtp-peer.ts'

const traffic: readonly Uint8Array[] = [
  frames(message('hello')),
  frames(message('', 'request')),
  frames(message('a', 'bb', '', 'dddd')),
  frames([new Uint8Array(300).fill(7)]),
  join(frames(message('good?')), frames(message('\x01news')), frames(message('\x00news'))),
  join(command('SUBSCRIBE', bytes('news')), command('SUBSCRIBE'), command('CANCEL', bytes('news'))),
  join(command('JOIN', bytes('group')), command('LEAVE', bytes('group'))),
  join(command('PING', bytes('\x00\x01context')), command('PONG'), command('DANCE', bytes('x'))),
  join(fromHex('01 01 61'), command('PING', bytes('\x00\x00')), fromHex('00 01 62')),
  fromHex('02 0000000000000002 6869'),
]

function ready(type: SocketType): Uint8Array {
  const named = property('Identity', 'good') + property('X-Role', 'attacker')
  return command('READY', fromHex(property('Socket-Type', type) + named))
}

/** Streams that a peer of `local` may rightly send. */
export function zmtpCorpus(local: SocketType): Uint8Array[] {
  return PEERS[local].flatMap((peer) => [
    ...traffic.map((one, i) => join(handshake(peer, i % 2), one)),
    join(greeting(), ready(peer), ...traffic),
    join(handshake(peer), command('READY'), ...traffic.slice(0, 3)),
    join(greeting(), command('ERROR', bytes('\x03400'))),
  ])
}

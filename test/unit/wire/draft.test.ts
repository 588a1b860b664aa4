// ZMTP 3.1 for RADIO and DISH (RFC 48): JOIN and LEAVE commands, messages of group and body.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SocketType } from '../../../src/core/socket-type.ts'
import { subscriptionMessage } from '../../../src/patterns/subscription.ts'
import { Zmtp } from '../../../src/wire/zmtp/zmtp.ts'
import { bytes, fromHex, message, texts, toHex } from '../../support/texts.ts'
import {
  type Collector,
  collected,
  command,
  feed,
  frames,
  handshake,
  join,
  ready,
} from '../../support/zmtp-peer.ts'

/** A protocol whose handshake with `peer` is done. */
function talk(socketType: SocketType, peer: SocketType, minor = 1): { zmtp: Zmtp; to: Collector } {
  const local = { socketType, routingId: new Uint8Array(0), metadata: {}, maxMessageSize: -1 }
  const zmtp = new Zmtp(local, 'test')
  const to = feed(zmtp, handshake(peer, minor))
  to.answers()
  return { zmtp, to }
}

function encoded(zmtp: Zmtp, ...messages: Uint8Array[][]): string {
  return toHex(collected((out) => messages.forEach((one) => void zmtp.encode(one, out))))
}

test('a DISH joins and leaves by commands, whatever minor version the peer has', () => {
  for (const minor of [0, 1]) {
    const sent = encoded(
      talk('DISH', 'RADIO', minor).zmtp,
      subscriptionMessage(true, bytes('new')),
      subscriptionMessage(false, bytes('new')),
      subscriptionMessage(true, bytes('')),
    )
    const expected = '0408 04 4a4f494e 6e6577  0409 05 4c45415645 6e6577  0405 04 4a4f494e'
    assert.is(sent, toHex(fromHex(expected)))
  }
})

test('a group of 255 bytes needs a long command', () => {
  const group = new Uint8Array(255).fill(0x61)
  const sent = encoded(talk('DISH', 'RADIO').zmtp, subscriptionMessage(true, group))
  assert.is(sent, `060000000000000104${toHex(bytes('\x04JOIN'), group)}`)
})

test('JOIN and LEAVE reach a RADIO as the messages a pipe carries', () => {
  const { zmtp, to } = talk('RADIO', 'DISH')
  feed(zmtp, fromHex('0408 04 4a4f494e 6e6577  0409 05 4c45415645 6e6577  0405 04 4a4f494e'), to)
  assert.equal(
    to.messages.map((parts) => toHex(...parts)),
    ['016e6577', '006e6577', '01'],
  )
})

test('whoever is no RADIO ignores them, and a RADIO ignores SUBSCRIBE and CANCEL', () => {
  for (const [own, peer, names] of [
    ['PUB', 'SUB', ['JOIN', 'LEAVE']],
    ['DISH', 'RADIO', ['JOIN', 'LEAVE']],
    ['GATHER', 'SCATTER', ['JOIN', 'LEAVE']],
    ['RADIO', 'DISH', ['SUBSCRIBE', 'CANCEL']],
  ] as const) {
    const { zmtp, to } = talk(own, peer)
    feed(zmtp, join(...names.map((name) => command(name, bytes('g'))), frames(message('m'))), to)
    assert.equal(texts(to.messages), ['m'], own)
  }
})

test('a message of a RADIO is the group with MORE, then the body', () => {
  const { zmtp } = talk('RADIO', 'DISH')
  assert.is(encoded(zmtp, message('new', 'B')), toHex(fromHex('01 03 6e6577  00 01 42')))
  const { zmtp: dish, to } = talk('DISH', 'RADIO')
  feed(dish, fromHex('01 03 6e6577  00 01 42'), to)
  assert.equal(texts(to.messages), ['new|B'])
})

test('draft sockets announce their type and no routing id', () => {
  for (const type of ['CLIENT', 'PEER', 'CHANNEL'] as const) {
    assert.not(Buffer.from(ready(type)).includes('Identity'), type)
  }
  const client = '04 1c 05 5245414459 0b 536f636b65742d54797065 00000006 434c49454e54'
  assert.is(toHex(ready('CLIENT')), toHex(fromHex(client)))
})

test('a draft socket meets only its counterpart', () => {
  const fits: readonly (readonly [SocketType, SocketType])[] = [
    ['CLIENT', 'SERVER'],
    ['RADIO', 'DISH'],
    ['SCATTER', 'GATHER'],
    ['CHANNEL', 'CHANNEL'],
    ['PEER', 'PEER'],
  ]
  for (const [a, b] of fits) {
    assert.is(talk(a, b).to.peers[0]?.socketType, b)
    assert.is(talk(b, a).to.peers[0]?.socketType, a)
    assert.throws(() => talk(a, 'DEALER'), /cannot talk to a DEALER/)
    assert.throws(() => talk('PAIR', b), /cannot talk to/)
  }
})

test.run()

// ZMTP 3.1 after the handshake: messages, subscriptions as commands or messages, PING, the unknown.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Message } from '../../../src/core/message.ts'
import type { SocketType } from '../../../src/core/socket-type.ts'
import { subscriptionMessage } from '../../../src/patterns/subscription.ts'
import { Zmtp } from '../../../src/wire/zmtp/zmtp.ts'
import { bytes, fromHex, message, numbered, texts, toHex } from '../../support/texts.ts'
import {
  Collector,
  collected,
  command,
  feed,
  frames,
  handshake,
  join,
} from '../../support/zmtp-peer.ts'

interface Talk {
  zmtp: Zmtp
  to: Collector
}

/** A protocol whose handshake with `peer` is done. */
function talk(socketType: SocketType, peer: SocketType, minor = 1, to = new Collector()): Talk {
  const zmtp = new Zmtp(
    { socketType, routingId: new Uint8Array(0), metadata: {}, maxMessageSize: -1 },
    'test',
  )
  feed(zmtp, handshake(peer, minor), to)
  to.answers()
  return { zmtp, to }
}

function encoded(zmtp: Zmtp, ...messages: Message[]): string {
  return toHex(
    collected((out) => {
      for (const one of messages) zmtp.encode(one, out)
    }),
  )
}

test('a multipart message is frames with MORE and a last one without', () => {
  const { zmtp } = talk('PUSH', 'PULL')
  assert.is(encoded(zmtp, message('A', '', 'BC')), toHex(fromHex('0101 41  0100  0002 4243')))
})

test('subscriptions go to a 3.1 peer as commands', () => {
  const { zmtp } = talk('SUB', 'PUB', 1)
  const sent = encoded(
    zmtp,
    subscriptionMessage(true, bytes('AB')),
    subscriptionMessage(false, bytes('A')),
    subscriptionMessage(true, bytes('')),
  )
  const expected =
    '040c 09 535542534352494245 4142  0408 06 43414e43454c 41  040a 09 535542534352494245'
  assert.is(sent, toHex(fromHex(expected)))
})

test('subscriptions go to a 3.0 peer as messages', () => {
  const { zmtp } = talk('SUB', 'PUB', 0)
  const sent = encoded(
    zmtp,
    subscriptionMessage(true, bytes('AB')),
    subscriptionMessage(false, bytes('A')),
  )
  assert.is(sent, toHex(fromHex('0003 01 4142  0002 00 41')))
})

test('a subscription of 255 bytes has the right length in both forms', () => {
  const prefix = new Uint8Array(255).fill(0x61)
  const asCommand = encoded(talk('SUB', 'PUB', 1).zmtp, subscriptionMessage(true, prefix))
  assert.is(asCommand.slice(0, 18), '060000000000000109')
  const asMessage = encoded(talk('SUB', 'PUB', 0).zmtp, subscriptionMessage(true, prefix))
  assert.is(asMessage.slice(0, 18), '020000000000000100')
})

test('only subscribers turn such messages into commands', () => {
  const { zmtp } = talk('PUSH', 'PULL')
  assert.is(encoded(zmtp, [fromHex('01 41')]), '00020141')
})

test('both forms of a subscription reach a publisher as the same message', () => {
  for (const minor of [0, 1]) {
    const { zmtp, to } = talk('PUB', 'SUB', minor)
    feed(zmtp, join(command('SUBSCRIBE', bytes('AB')), command('CANCEL', bytes('A'))), to)
    feed(zmtp, join(frames([fromHex('01 4142')]), frames([fromHex('00 41')])), to)
    const hex = to.messages.map((parts) => toHex(...parts))
    assert.equal(hex, ['014142', '0041', '014142', '0041'])
  }
})

test('a subscription sent to one who publishes nothing is ignored', () => {
  const { zmtp, to } = talk('PULL', 'PUSH')
  feed(zmtp, join(command('SUBSCRIBE', bytes('A')), frames(message('m'))), to)
  assert.equal(texts(to.messages), ['m'])
})

test('PING is answered with PONG and its context, cut to 16 bytes', () => {
  for (const [context, echoed] of [
    ['', ''],
    ['ctx', 'ctx'],
    ['0123456789abcdef', '0123456789abcdef'],
    ['0123456789abcdefXYZ', '0123456789abcdef'],
  ] as const) {
    const { zmtp, to } = talk('PULL', 'PUSH')
    feed(zmtp, command('PING', join(fromHex('0064'), bytes(context))), to)
    assert.is(toHex(to.answers()), toHex(command('PONG', bytes(echoed))))
    assert.is(to.messages.length, 0)
  }
})

test('a PING tells its time to live, in milliseconds', () => {
  const { zmtp, to } = talk('PULL', 'PUSH')
  for (const tenths of ['0000', '0001', '028f', 'ffff']) {
    feed(zmtp, command('PING', fromHex(tenths)), to)
  }
  assert.equal(to.timesToLive, [0, 100, 65_500, 6_553_500])
})

test('PONG, with or without context, is not for the application and has no answer', () => {
  const { zmtp, to } = talk('PULL', 'PUSH')
  feed(zmtp, join(command('PONG'), command('PONG', bytes('context'))), to)
  assert.equal([to.messages.length, to.out.bytes], [0, 0])
})

test('a PING of ours has the time to live in tenths of a second and no context, as libzmq’s', () => {
  const { zmtp } = talk('PULL', 'PUSH', 0)
  for (const [ms, hex] of [
    [0, '0000'],
    [99, '0000'],
    [100, '0001'],
    [199, '0001'],
    [65_500, '028f'],
  ] as const) {
    assert.is(toHex(collected((out) => zmtp.ping(ms, out))), `04070450494e47${hex}`)
  }
})

test('a PING too short for its time to live is not answered', () => {
  const { zmtp, to } = talk('PULL', 'PUSH')
  feed(zmtp, join(command('PING'), command('PING', Uint8Array.of(0))), to)
  assert.is(to.out.bytes, 0)
})

test('unknown, empty and malformed commands are ignored, also within a multipart message', () => {
  const { zmtp, to } = talk('PULL', 'PUSH')
  feed(
    zmtp,
    join(
      command('DANCE', bytes('now')),
      fromHex('04 00'),
      fromHex('04 02 09 41'),
      command('READY'),
      command('PONG'),
      fromHex('01 01 41'),
      fromHex('05 05 04 50494e47'),
      fromHex('00 01 42'),
    ),
    to,
  )
  assert.equal(texts(to.messages), ['A|B'])
  assert.is(to.out.bytes, 0)
})

test('a multipart message that never ends is not delivered', () => {
  const { zmtp, to } = talk('PULL', 'PUSH')
  feed(zmtp, fromHex('01 01 41'), to)
  assert.is(to.messages.length, 0)
})

test('a receiver that says stop gets no more until resume, and then the rest of the chunk', () => {
  class OneByOne extends Collector {
    override message(parts: Message): boolean {
      super.message(parts)
      return false
    }
  }
  const { zmtp, to } = talk('PULL', 'PUSH', 1, new OneByOne())
  feed(zmtp, join(...numbered('m', 3).map((label) => frames(message(label)))), to)
  assert.equal(texts(to.messages), ['m0'])
  zmtp.resume(to)
  zmtp.resume(to)
  assert.equal(texts(to.messages), numbered('m', 3))
  zmtp.resume(to)
  assert.is(to.messages.length, 3)
})

test.run()

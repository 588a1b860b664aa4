// ZWS 2.0 (RFC 45) by bytes: handshakes in both forms, frames, commands, and every fault of a peer.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { COPY_LIMIT } from '../../../src/core/batch.ts'
import { ZmqError } from '../../../src/core/errors.ts'
import type { Message } from '../../../src/core/message.ts'
import { PEERS, type SocketType } from '../../../src/core/socket-type.ts'
import { Zws, type ZwsLocal } from '../../../src/wire/zws.ts'
import { bytes, fromHex, message, text, texts, toHex } from '../../support/texts.ts'
import { Collector } from '../../support/zmtp-peer.ts'

const DEALER_READY =
  '02 05 5245414459 0b 536f636b65742d54797065 00000006 4445414c4552 08 4964656e74697479 00000000'
const PUSH_READY = '02 05 5245414459 0b 536f636b65742d54797065 00000004 50555348'

/** A protocol and what it tells; pieces are WebSocket messages. */
class Side extends Collector {
  readonly zws: Zws

  constructor(socketType: SocketType, given: Partial<ZwsLocal> = {}) {
    super()
    const local = { socketType, routingId: new Uint8Array(0), metadata: {}, maxMessageSize: -1 }
    this.zws = new Zws({ ...local, withReady: false, client: false, ...given }, 'test')
    this.zws.start(this.out)
  }

  /** The WebSocket messages written since the last call, in hex. */
  sent(): string[] {
    return this.out.take().map((piece) => toHex(piece))
  }

  gets(...messages: (string | Uint8Array)[]): this {
    for (const one of messages) this.zws.decode(typeof one === 'string' ? fromHex(one) : one, this)
    return this
  }

  sends(...frames: Message): string[] {
    this.zws.encode(frames, this.out)
    return this.sent()
  }

  fault(one: string | Uint8Array): ZmqError {
    try {
      this.gets(one)
    } catch (error) {
      assert.instance(error, ZmqError)
      assert.ok((error as ZmqError).isProtocolError, (error as ZmqError).code)
      return error as ZmqError
    }
    throw new Error('was accepted')
  }
}

const hex = (text: string): string => text.replaceAll(' ', '')
const plain = (socketType: SocketType, given: Partial<ZwsLocal> = {}): Side =>
  new Side(socketType, given).gets('00')

test('ZWS2.0: both sides begin with 00 and their routing id', () => {
  for (const client of [false, true]) {
    assert.equal(new Side('PUSH', { client }).sent(), ['00'])
    assert.equal(new Side('DEALER', { client, routingId: bytes('ab') }).sent(), ['006162'])
  }
  const router = new Side('ROUTER').gets('00 6162')
  assert.is(text([router.peers[0]?.routingId as Uint8Array]), 'ab')
  assert.is(router.peers[0]?.address, 'test')
  assert.is(new Side('ROUTER').gets('00').peers[0]?.routingId.byteLength, 0)
})

test('ZWS2.0: a peer is taken for the first type that fits', () => {
  for (const socketType of Object.keys(PEERS) as SocketType[])
    assert.is(plain(socketType).peers[0]?.socketType, PEERS[socketType][0])
})

test('ZWS2.0/NULL: a server sends READY at once, a client when the server did', () => {
  assert.equal(new Side('DEALER', { withReady: true }).sent(), [hex(DEALER_READY)])
  const client = new Side('PULL', { withReady: true, client: true, metadata: { 'X-A': 'b' } })
  assert.equal(client.sent(), [])
  client.gets(PUSH_READY)
  assert.is(client.peers[0]?.socketType, 'PUSH')
  const server = new Side('PUSH', { withReady: true }).gets(...client.sent())
  assert.is(server.peers[0]?.properties.get('x-a'), 'b')
})

test('ZWS2.0/NULL: sockets that do not fit are refused, and the server still learns whom it met', () => {
  const client = new Side('PULL', { withReady: true, client: true })
  assert.is(client.fault(DEALER_READY).code, 'ERR_ZMTP_INVALID_SOCKET_TYPE')
  assert.is(client.sent().length, 1)
})

test('ZWS2.0/NULL: a client falls back when the server speaks plain ZWS2.0', () => {
  const client = new Side('DEALER', { withReady: true, client: true, routingId: bytes('me') })
  client.gets('00 6162')
  assert.equal(client.sent(), ['006d65'])
  assert.is(text([client.peers[0]?.routingId as Uint8Array]), 'ab')
  assert.equal(texts(client.gets('00 68').messages), ['h'])
})

test('faults of a handshake', () => {
  const server = { withReady: true }
  assert.is(new Side('PULL', server).fault('00').code, 'ERR_ZMTP_UNEXPECTED_COMMAND')
  assert.is(new Side('PULL', server).fault('02 05 48454c4c4f').code, 'ERR_ZMTP_UNEXPECTED_COMMAND')
  assert.is(new Side('PULL', server).fault(`${PUSH_READY} 01`).code, 'ERR_ZMTP_METADATA')
  assert.is(new Side('PULL', server).fault('02 05 4552524f52 03 343030').code, 'ERR_ZMTP_REFUSED')
  assert.is(new Side('PULL').fault(PUSH_READY).code, 'ERR_ZMTP_UNEXPECTED_COMMAND')
  for (const withReady of [true, false]) {
    const long = new Side('PULL', { withReady })
    assert.is(long.fault(new Uint8Array(65_538)).code, 'ERR_ZMTP_MESSAGE_TOO_LARGE')
    assert.is(new Side('PULL', { withReady }).fault('').code, 'ERR_ZMTP_FRAME')
  }
})

test('a ROUTER refuses routing ids that could be its own, others do not look', () => {
  assert.is(new Side('ROUTER').fault('00 00 01').code, 'ERR_ZMTP_METADATA')
  assert.is(new Side('ROUTER').fault(new Uint8Array(257).fill(4)).code, 'ERR_ZMTP_METADATA')
  assert.is(new Side('DEALER').gets('00 00 01').peers.length, 1)
})

test('frames: 01 more, 00 last, other bits do not matter', () => {
  const side = plain('PULL')
  assert.equal(texts(side.gets('01 61', '00 62', '00', 'f0 63').messages), ['a|b', '', 'c'])
})

test('each frame is one WebSocket message, whatever its size', () => {
  const side = plain('PUSH')
  side.sent()
  assert.equal(side.sends(...message('a', '', 'c')), ['0161', '01', '0063'])
  const large = new Uint8Array(3 * COPY_LIMIT).fill(9)
  const sent = side.sends(bytes('x'), large)
  assert.equal(sent, ['0178', `00${toHex(large)}`])
})

test('subscriptions travel as messages, and come as messages or commands', () => {
  const sub = plain('SUB')
  sub.sent()
  assert.equal(sub.sends(fromHex('01 41')), ['000141'])
  assert.equal(sub.sends(fromHex('00 41')), ['000041'])
  const pub = plain('XPUB').gets('00 01 41', '02 09 535542534352494245 42', '02 06 43414e43454c 42')
  assert.equal(
    pub.messages.map((frames) => toHex(...frames)),
    ['0141', '0142', '0042'],
  )
})

test('groups travel as commands', () => {
  const dish = plain('DISH')
  dish.sent()
  assert.equal(dish.sends(fromHex('01 67')), [hex('02 04 4a4f494e 67')])
  assert.equal(dish.sends(fromHex('00 67')), [hex('02 05 4c45415645 67')])
  const radio = plain('RADIO').gets('02 04 4a4f494e 67', '02 05 4c45415645 67')
  assert.equal(
    radio.messages.map((frames) => toHex(...frames)),
    ['0167', '0067'],
  )
})

test('commands that are unknown, malformed or for another socket are ignored', () => {
  const commands = [
    '02',
    '02 09 41',
    '02 04 50494e47 0000',
    '03 03 414243',
    '02 08 746f537472696e67',
  ]
  const side = plain('PULL').gets(...commands, '02 09 535542534352494245 42', '00 61')
  side.sent()
  assert.equal(texts(side.messages), ['a'])
  assert.equal(side.sent(), [])
})

test('the limit is on the body without its flags', () => {
  const side = plain('PULL', { maxMessageSize: 3 }).gets('00 616263', '01 616263', '00 616263')
  assert.equal(texts(side.messages), ['abc', 'abc|abc'])
  assert.is(side.fault('00 61626364').code, 'ERR_ZMTP_MESSAGE_TOO_LARGE')
  assert.is(plain('PULL').fault('').code, 'ERR_ZMTP_FRAME')
})

test('bodies are views of what came', () => {
  const chunk = fromHex('00 61')
  const [frames] = plain('PULL').gets(chunk).messages
  assert.is(frames?.[0]?.buffer, chunk.buffer)
})

test('whatever is sent comes out at the other side, in the same messages', () => {
  const frame = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 16_000 }))
  const traffic = fc.array(fc.array(frame, { minLength: 1, maxLength: 4 }), { maxLength: 12 })
  fc.assert(
    fc.property(traffic, fc.boolean(), fc.nat(3), (messages, withReady, every) => {
      const push = new Side('PUSH', { withReady, client: true })
      const pull = new Side('PULL', { withReady })
      const exchange = (from: Side, to: Side): void => {
        for (const piece of from.out.take()) to.zws.decode(piece, to)
      }
      exchange(pull, push)
      exchange(push, pull)
      messages.forEach((one, i) => {
        push.zws.encode(one, push.out)
        if (i % (every + 1) === 0) exchange(push, pull)
      })
      exchange(push, pull)
      assert.equal(
        pull.messages.map((frames) => frames.map((one) => toHex(one))),
        messages.map((frames) => frames.map((one) => toHex(one))),
      )
    }),
    { numRuns: 50 },
  )
})

test('no bytes make it throw anything but a protocol error', () => {
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc.constantFrom(DEALER_READY, PUSH_READY, '00', '01 61').map(fromHex),
  )
  fc.assert(
    fc.property(fc.array(chunk), fc.boolean(), fc.boolean(), (chunks, withReady, client) => {
      const side = new Side('ROUTER', { withReady, client, maxMessageSize: 20 })
      try {
        side.gets(...chunks)
      } catch (error) {
        assert.ok((error as ZmqError).isProtocolError, String(error))
      }
    }),
  )
})

test('a READY over the copy limit is one message', () => {
  const metadata = { 'X-Long': 'x'.repeat(COPY_LIMIT) }
  const server = new Side('PULL', { withReady: true, metadata })
  const sent = server.out.take()
  assert.is(sent.length, 1)
  const client = new Side('PUSH', { withReady: true, client: true }).gets(sent[0] as Uint8Array)
  assert.is(client.peers[0]?.properties.get('x-long')?.length, COPY_LIMIT)
})

test.run()

// The greeting and READY of ZMTP 3.1 (RFC 37) by bytes, and every way in which a peer may be wrong.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../../src/core/errors.ts'
import type { PeerInfo } from '../../../src/core/pipe.ts'
import { PEERS, type SocketType } from '../../../src/core/socket-type.ts'
import { decodeProperties, encodeProperties } from '../../../src/wire/zmtp/command.ts'
import { encodeGreeting } from '../../../src/wire/zmtp/greeting.ts'
import { Zmtp } from '../../../src/wire/zmtp/zmtp.ts'
import { bytes, fromHex, text, toHex } from '../../support/texts.ts'
import {
  Collector,
  collected,
  command,
  feed,
  frames,
  greeting,
  handshake,
  join,
  property,
  ready,
} from '../../support/zmtp-peer.ts'

const PADDING = '00 0000000000000001'.slice(3)
const NULL_GREETING = `ff ${PADDING} 7f 03 01 4e554c4c ${'00'.repeat(16)} 00 ${'00'.repeat(31)}`
const DEALER_READY =
  '04 29 05 5245414459 0b 536f636b65742d54797065 00000006 4445414c4552 08 4964656e74697479 00000000'
const PUSH_READY = '04 1a 05 5245414459 0b 536f636b65742d54797065 00000004 50555348'

function protocol(socketType: SocketType, metadata = {}, maxMessageSize = -1): Zmtp {
  return new Zmtp({ socketType, routingId: new Uint8Array(0), metadata, maxMessageSize }, 'test')
}

function refusal(socketType: SocketType, ...parts: Uint8Array[]): ZmqError {
  try {
    feed(protocol(socketType), join(...parts))
  } catch (error) {
    assert.instance(error, ZmqError)
    assert.ok((error as ZmqError).isProtocolError, (error as ZmqError).code)
    return error as ZmqError
  }
  throw new Error('was accepted')
}

function peerOf(socketType: SocketType, ...parts: Uint8Array[]): PeerInfo {
  const { peers } = feed(protocol(socketType), join(...parts))
  assert.is(peers.length, 1, 'handshake is done')
  return peers[0] as PeerInfo
}

test('the greeting is 64 bytes with libzmq’s padding, version 3.1 and the mechanism', () => {
  assert.is(toHex(encodeGreeting('NULL')), toHex(fromHex(NULL_GREETING)))
  assert.is(encodeGreeting('NULL').length, 64)
  assert.is(
    toHex(collected((out) => protocol('PUSH').start(out))),
    toHex(fromHex(NULL_GREETING)),
    'all 64 at once',
  )
})

test('READY has the documented bytes, the empty Identity included where libzmq sends it', () => {
  for (const [socketType, hex] of [
    ['DEALER', DEALER_READY],
    ['PUSH', PUSH_READY],
  ] as const) {
    assert.is(toHex(feed(protocol(socketType), greeting()).answers()), toHex(fromHex(hex)))
  }
  for (const socketType of Object.keys(PEERS) as SocketType[]) {
    const announced = Buffer.from(ready(socketType)).includes('Identity')
    assert.is(announced, ['REQ', 'DEALER', 'ROUTER'].includes(socketType), socketType)
  }
})

test('READY is sent when the whole greeting came, not before', () => {
  const zmtp = protocol('PUSH')
  const to = new Collector()
  zmtp.decode(greeting().slice(0, 63), to)
  assert.is(to.out.bytes, 0)
  zmtp.decode(greeting().slice(63), to)
  assert.ok(to.out.bytes > 0)
})

test('a peer is known by its READY: type, routing id, properties', () => {
  const peer = peerOf(
    'ROUTER',
    greeting(),
    command(
      'READY',
      fromHex(
        property('Socket-Type', 'DEALER') + property('Identity', 'id') + property('X-Role', 'w'),
      ),
    ),
  )
  assert.is(peer.socketType, 'DEALER')
  assert.is(toHex(peer.routingId), '6964')
  assert.is(peer.properties.get('x-role'), 'w')
  assert.is(peer.address, 'test')
})

test('metadata given as an option reaches the peer', () => {
  const sent = feed(protocol('PUSH', { 'X-Role': 'grün' }), greeting()).answers()
  assert.is(peerOf('PULL', greeting(), sent).properties.get('x-role'), 'grün')
})

test('what libzmq accepts is accepted: names in any case, no type, no COMMAND bit, 3.0, 4.7', () => {
  const lower = command('READY', fromHex(property('socket-type', 'PUSH')))
  assert.is(peerOf('PULL', greeting(), lower).socketType, 'PUSH')
  assert.is(peerOf('PULL', greeting(), command('READY')).socketType, 'PUSH')
  assert.ok(peerOf('PULL', greeting(), command('READY', fromHex(property('', 'x')))))
  const noBit = ready('PUSH')
  noBit[0] = 0
  assert.ok(peerOf('PULL', greeting(), noBit))
  assert.ok(peerOf('PULL', greeting(0), ready('PUSH')))
  const later = greeting(7)
  later[10] = 4
  assert.ok(peerOf('PULL', later, ready('PUSH')))
  const filled = greeting().fill(0xff, 33)
  assert.ok(peerOf('PULL', filled, ready('PUSH')))
})

test('a handshake may arrive in any pieces', () => {
  const stream = join(handshake('PUSH'), frames([bytes('hi')]))
  for (let cut = 0; cut <= stream.length; cut++) {
    const zmtp = protocol('PULL')
    const to = feed(zmtp, stream.slice(0, cut))
    zmtp.decode(stream.slice(cut), to)
    assert.is(to.peers.length, 1, `cut at ${cut}`)
    assert.is(to.messages.length, 1, `cut at ${cut}`)
  }
})

test('another protocol is refused at its first byte', () => {
  for (const text of ['GET / HTTP/1.1', '\x16\x03\x01', '\x00']) {
    const error = refusal('PULL', bytes(text).slice(0, 1))
    assert.is(error.code, 'ERR_ZMTP_VERSION')
    assert.match(error.message, `first byte is ${text.charCodeAt(0)}`)
  }
})

test('older versions are refused as soon as they show', () => {
  assert.match(refusal('PULL', fromHex('ff 0000000000000001 7e')).message, /1\.0 greeting/)
  for (const version of [0, 1, 2]) {
    const error = refusal('PULL', fromHex(`ff 0000000000000001 7f 0${version}`))
    assert.is(error.code, 'ERR_ZMTP_VERSION')
    assert.match(error.message, `version ${version}`)
  }
})

test('another security mechanism is refused by name', () => {
  const error = refusal('PULL', greeting(1, 'CURVE'))
  assert.is(error.code, 'ERR_ZMTP_MECHANISM_MISMATCH')
  assert.match(error.message, /'CURVE'.*NULL/)
  assert.is(refusal('PULL', greeting(1, 'NULLX')).code, 'ERR_ZMTP_MECHANISM_MISMATCH')
})

test('a socket type that does not fit is refused, for every pair', () => {
  const types = Object.keys(PEERS) as SocketType[]
  for (const local of types) {
    for (const peer of types) {
      if (PEERS[local].includes(peer)) assert.is(peerOf(local, handshake(peer)).socketType, peer)
      else assert.is(refusal(local, handshake(peer)).code, 'ERR_ZMTP_INVALID_SOCKET_TYPE')
    }
  }
  const unknown = command('READY', fromHex(property('Socket-Type', 'toString')))
  assert.is(refusal('PULL', greeting(), unknown).code, 'ERR_ZMTP_INVALID_SOCKET_TYPE')
})

test('who fits whom is the same from both sides', () => {
  for (const [type, peers] of Object.entries(PEERS)) {
    for (const peer of peers) assert.ok(PEERS[peer].includes(type as SocketType))
  }
})

test('malformed metadata is refused wherever it is cut, and with bytes too many', () => {
  const data = fromHex(property('Socket-Type', 'PUSH'))
  for (let size = 1; size < data.length; size++) {
    const error = refusal('PULL', greeting(), command('READY', data.slice(0, size)))
    assert.is(error.code, 'ERR_ZMTP_METADATA', `${size} bytes`)
  }
  const extra = join(data, Uint8Array.of(0))
  assert.is(refusal('PULL', greeting(), command('READY', extra)).code, 'ERR_ZMTP_METADATA')
  const huge = fromHex('0b 536f636b65742d54797065 ffffffff 50')
  assert.is(refusal('PULL', greeting(), command('READY', huge)).code, 'ERR_ZMTP_METADATA')
})

test('anything but READY in its place is refused by name', () => {
  const unexpected = 'ERR_ZMTP_UNEXPECTED_COMMAND'
  const first = refusal('PULL', greeting(), frames([bytes('Hello')]))
  assert.is(first.code, unexpected)
  const error = refusal('PULL', greeting(), command('PING', bytes('\0\0')))
  assert.is(error.code, unexpected)
  assert.match(error.message, /sent PING where READY was due/)
  assert.is(refusal('PULL', greeting(), fromHex('04 00')).code, unexpected)
})

test('an ERROR command is told with the peer’s reason', () => {
  const error = refusal('PULL', greeting(), command('ERROR', bytes('\x03400')))
  assert.is(error.code, 'ERR_ZMTP_REFUSED')
  assert.match(error.message, /refused the connection: 400/)
  assert.match(refusal('PULL', greeting(), command('ERROR')).message, /no reason given/)
})

test('the size limit holds for READY too', () => {
  const zmtp = protocol('PULL', {}, 10)
  assert.throws(
    () => feed(zmtp, handshake('PUSH')),
    (error: ZmqError) => error.code === 'ERR_ZMTP_MESSAGE_TOO_LARGE',
  )
})

test('a property of any size can be told', () => {
  const value = new Uint8Array(300_000).fill(7)
  const properties = decodeProperties(
    encodeProperties([
      ['X-Large', value],
      ['X-Small', bytes('s')],
    ]),
  )
  assert.equal(properties.get('x-large')?.byteLength, 300_000)
  assert.is(text([properties.get('x-small') as Uint8Array]), 's')
})

test.run()

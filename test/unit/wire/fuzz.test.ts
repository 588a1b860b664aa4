// Whatever bytes a peer sends, decoding ends in messages or a ZmqError, never in another error.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../../src/core/errors.ts'
import { PEERS, type SocketType } from '../../../src/core/socket-type.ts'
import { Zmtp } from '../../../src/wire/zmtp/zmtp.ts'
import { bytes, message } from '../../support/texts.ts'
import { Collector, command, frames, greeting, handshake, join } from '../../support/zmtp-peer.ts'

const socketType = fc.constantFrom(...(Object.keys(PEERS) as SocketType[]))
const RUNS = { numRuns: 500 }

/** Decodes in chunks of `size`; true: without a protocol error. */
function survives(local: SocketType, stream: Uint8Array, size: number): boolean {
  const zmtp = new Zmtp(
    { socketType: local, routingId: new Uint8Array(0), metadata: {}, maxMessageSize: 100_000 },
    'fuzz',
  )
  const to = new Collector()
  try {
    for (let at = 0; at < stream.length; at += size) zmtp.decode(stream.slice(at, at + size), to)
    return true
  } catch (error) {
    assert.instance(error, ZmqError)
    assert.match((error as ZmqError).code, /^ERR_ZMTP_/)
    return false
  }
}

const chunkSize = fc.integer({ min: 1, max: 200 })
const garbage = fc.uint8Array({ maxLength: 300 })

test('random bytes from the start', () => {
  fc.assert(
    fc.property(socketType, garbage, chunkSize, (local, stream, size) => {
      survives(local, stream, size)
    }),
    RUNS,
  )
})

test('random bytes after a greeting', () => {
  fc.assert(
    fc.property(socketType, garbage, chunkSize, (local, stream, size) => {
      survives(local, join(greeting(), stream), size)
    }),
    RUNS,
  )
})

test('random properties in READY', () => {
  fc.assert(
    fc.property(socketType, garbage, chunkSize, (local, stream, size) => {
      survives(local, join(greeting(), command('READY', stream)), size)
    }),
    RUNS,
  )
})

test('random bytes after a handshake', () => {
  fc.assert(
    fc.property(socketType, garbage, chunkSize, (local, stream, size) => {
      const [peer] = PEERS[local]
      survives(local, join(handshake(peer as SocketType), stream), size)
    }),
    RUNS,
  )
})

test('a good conversation with a few bytes changed, lost or doubled', () => {
  const mutation = fc.record({
    how: fc.constantFrom('change', 'lose', 'double'),
    at: fc.nat(),
    byte: fc.nat(255),
  })
  fc.assert(
    fc.property(
      socketType,
      fc.array(mutation, { minLength: 1, maxLength: 6 }),
      chunkSize,
      (local, mutations, size) => {
        const [peer] = PEERS[local]
        const good = join(
          handshake(peer as SocketType),
          frames(message('a', 'bb', '')),
          command('SUBSCRIBE', bytes('news')),
          command('PING', bytes('\0\x01ctx')),
          frames([new Uint8Array(300)]),
        )
        assert.ok(survives(local, good, size), 'before the changes')
        const stream = [...good]
        for (const { how, at, byte } of mutations) {
          const place = at % stream.length
          if (how === 'change') stream[place] = byte
          else if (how === 'lose') stream.splice(place, 1)
          else stream.splice(place, 0, stream[place] as number)
        }
        survives(local, Uint8Array.from(stream), size)
      },
    ),
    RUNS,
  )
})

test.run()

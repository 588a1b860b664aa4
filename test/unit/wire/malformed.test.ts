// docs/malformed.md row by row: bytes of a peer that does not keep to ZMTP, and what comes of them.
// `refused` ends in an error of that code; `taken` ends in these messages, frames joined by `|`.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SocketType } from '../../../src/core/socket-type.ts'
import { Zmtp } from '../../../src/wire/zmtp/zmtp.ts'
import { coded } from '../../support/coded.ts'
import { fromHex, texts, toHex } from '../../support/texts.ts'
import { Collector, greeting, handshake, join, property } from '../../support/zmtp-peer.ts'

interface Row {
  readonly local?: SocketType
  /** Whose handshake comes before `hex`: a type, or `greeting` for no READY. */
  readonly after?: SocketType | 'greeting' | 'nothing'
  readonly maxMessageSize?: number
  readonly hex: string
}

const READY = '05 5245414459'
const PUSH = property('Socket-Type', 'PUSH')
const M = '0001 6d' // a message 'm'

/** A frame with these flags around a body. */
function frame(flags: string, body: string): string {
  const size = fromHex(body).byteLength
  if (size < 256) return `${flags} ${size.toString(16).padStart(2, '0')} ${body}`
  const long = (Number.parseInt(flags, 16) | 2).toString(16).padStart(2, '0')
  return `${long} ${size.toString(16).padStart(16, '0')} ${body}`
}

const readyWith = (...properties: string[]): string => frame('04', READY + properties.join(''))

function bytesBefore({ after = 'PUSH' }: Row): Uint8Array {
  if (after === 'nothing') return new Uint8Array(0)
  return after === 'greeting' ? greeting() : handshake(after)
}

/** The same bytes in one chunk and byte by byte come to the same. */
function play(row: Row, judge: (run: () => Collector) => void): void {
  const stream = join(bytesBefore(row), fromHex(row.hex))
  const { local: socketType = 'PULL', maxMessageSize = -1 } = row
  const local = { socketType, routingId: new Uint8Array(0), metadata: {}, maxMessageSize }
  for (const size of [stream.length, 1]) {
    judge(() => {
      const zmtp = new Zmtp(local, 'test')
      const to = new Collector()
      for (let at = 0; at < stream.length; at += size) zmtp.decode(stream.slice(at, at + size), to)
      assert.is(to.peers.length, 1, 'the handshake is done')
      return to
    })
  }
}

function refused(code: string, name: string, row: Row, message = /./): void {
  test(`refused: ${name}`, () =>
    play(row, (run) => {
      assert.throws(run, coded(code))
      assert.throws(run, message)
    }))
}

function taken(name: string, row: Row, ...messages: string[]): void {
  test(`taken: ${name}`, () =>
    play(row, (run) => {
      const to = run()
      assert.equal(texts(to.messages), messages)
      assert.ok(to.answers().length > 0, 'READY was sent')
    }))
}

const VERSION = 'ERR_ZMTP_VERSION'
const START = 'ff 0000000000000001'
refused(VERSION, 'ZMTP 1.0 without a version', { after: 'nothing', hex: '01 00 02 00 6d' })
refused(VERSION, 'ZMTP 1.0, bit 0 of byte 9 clear', { after: 'nothing', hex: `${START} 00` })
refused(VERSION, 'ZMTP 1.0 by its version', { after: 'nothing', hex: `${START} 7f 00` })
refused(VERSION, 'ZMTP 2.0', { after: 'nothing', hex: `${START} 7f 01 05` })
refused(VERSION, 'HTTP', { after: 'nothing', hex: '474554202f' })
const gssapi = `${START} 7f 03 01 475353415049 ${'00'.repeat(46)}`
refused('ERR_ZMTP_MECHANISM_MISMATCH', 'another mechanism', { after: 'nothing', hex: gssapi })
const hostile = `${START} 7f 03 01 4e0a1b5b324a ${'00'.repeat(46)}`
refused(
  'ERR_ZMTP_MECHANISM_MISMATCH',
  'a mechanism with control characters, which stay out of the error',
  { after: 'nothing', hex: hostile },
  /mechanism 'N\?\?\[2J'/,
)
taken(
  'version 3.0, filler and padding of any kind',
  {
    after: 'nothing',
    hex: `ff ${'aa'.repeat(8)} ff 03 00 4e554c4c ${'00'.repeat(16)} 01 ${'bb'.repeat(31)} ${readyWith(PUSH)} ${M}`,
  },
  'm',
)

const TYPE = 'ERR_ZMTP_INVALID_SOCKET_TYPE'
const METADATA = 'ERR_ZMTP_METADATA'
const UNEXPECTED = 'ERR_ZMTP_UNEXPECTED_COMMAND'
const g = (hex: string): Row => ({ after: 'greeting', hex })
refused(TYPE, 'a socket type that does not fit', g(readyWith(property('Socket-Type', 'SUB'))))
refused(TYPE, 'a socket type nobody knows', g(readyWith(property('Socket-Type', '__proto__'))))
refused(
  TYPE,
  'an endless socket type, which the error cuts',
  g(readyWith(property('Socket-Type', 'é'.repeat(200)))),
  /to a \?{64}\.\.\. socket/,
)
taken('no socket type', g(`${readyWith()} ${M}`), 'm')
taken('a property name in lower case', g(`${readyWith(property('socket-type', 'PUSH'))} ${M}`), 'm')
taken('an empty property name', g(`${readyWith(property('', 'x'), PUSH)} ${M}`), 'm')
taken(
  'a property twice: the last counts',
  g(`${readyWith(property('Socket-Type', 'SUB'), PUSH)} ${M}`),
  'm',
)
taken('a property that is no UTF-8', g(`${readyWith(PUSH, '03 582d41 00000002 fffe')} ${M}`), 'm')
taken('READY without COMMAND bit', g(`${frame('00', READY + PUSH)} ${M}`), 'm')
taken('READY with MORE', g(`${frame('05', READY + PUSH)} ${M}`), 'm')
refused(METADATA, 'cut metadata', g(frame('04', READY + PUSH.slice(0, -2))))
refused(METADATA, 'a byte behind the metadata', g(frame('04', `${READY}${PUSH}00`)))
refused(METADATA, 'a value of 4 GiB', g(frame('04', `${READY} 01 41 ffffffff 00`)))
refused(UNEXPECTED, 'a message in place of READY', g(M))
refused(UNEXPECTED, 'an empty frame in place of READY', g('00 00'))
refused(UNEXPECTED, 'PING in place of READY', g('04 07 04 50494e47 0000'))
refused(UNEXPECTED, 'a name longer than its frame', g(frame('04', '09 5245414459')))
taken('a second READY', { hex: `${readyWith(PUSH)} ${M}` }, 'm')

const REFUSED = 'ERR_ZMTP_REFUSED'
const error = (reason: string): Row => g(frame('04', `05 4552524f52 ${reason}`))
refused(REFUSED, 'ERROR 300', error('03 333030'), /300, it could not check .* try again later/)
refused(REFUSED, 'ERROR 400', error('03 343030'), /400, it does not let us in/)
refused(REFUSED, 'ERROR 500', error('03 353030'), /500, the check .* failed on its side/)
refused(REFUSED, 'ERROR with words', error('04 66756c6c 7878'), /refused the connection: full$/)
refused(REFUSED, 'ERROR with a control character', error('03 410a42'), /connection: A\?B$/)
refused(REFUSED, 'ERROR with a reason that is cut', error('ff 4142'), /connection: AB$/)
refused(REFUSED, 'ERROR without a reason', error(''), /no reason given/)

const ROUTER = { local: 'ROUTER', after: 'greeting' } as const
const dealer = property('Socket-Type', 'DEALER')
refused(METADATA, 'a routing id that starts with a zero byte, by a ROUTER', {
  ...ROUTER,
  hex: readyWith(dealer, property('Identity', '\0abc')),
})
refused(METADATA, 'a routing id of 256 bytes, by a ROUTER', {
  ...ROUTER,
  hex: readyWith(dealer, property('Identity', 'x'.repeat(256))),
})
taken(
  'a routing id of 255 bytes, by a ROUTER',
  { ...ROUTER, hex: `${readyWith(dealer, property('Identity', 'x'.repeat(255)))} ${M}` },
  'm',
)
taken(
  'such routing ids by those who do not use them',
  {
    local: 'DEALER',
    after: 'greeting',
    hex: `${readyWith(dealer, property('Identity', '\0abc'))} ${M}`,
  },
  'm',
)

const LARGE = 'ERR_ZMTP_MESSAGE_TOO_LARGE'
refused(LARGE, 'a frame over the limit, at its header', { maxMessageSize: 100, hex: '00 65' })
refused(LARGE, 'one byte over the limit in the long form', {
  maxMessageSize: 100,
  hex: '02 0000000000000065',
})
refused(LARGE, 'READY over the limit', { ...g(readyWith(PUSH)), maxMessageSize: 10 })
refused(LARGE, 'READY over 64 KiB, without any limit, at its header', g('06 0000000000010001'))
refused(LARGE, '2^62 bytes without a limit', { hex: '02 4000000000000000' })
refused(LARGE, '2^64 - 1 bytes without a limit', { hex: '02 ffffffffffffffff' })
taken('a terabyte without a limit, as far as it comes', { hex: `${M} 02 0000010000000000 00` }, 'm')
taken(
  'many frames within the limit, whatever their sum',
  { maxMessageSize: 3000, hex: `${`01 03 616161`.repeat(2000)} 00 00` },
  `${'aaa|'.repeat(2000)}`,
)
taken(
  'frames after READY are not held to the limit of READY',
  { hex: frame('00', '61'.repeat(70_000)) },
  'a'.repeat(70_000),
)

taken('an unknown command', { hex: `04 06 05 44414e4345 ${M}` }, 'm')
taken('an empty command', { hex: `04 00 ${M}` }, 'm')
taken('a command whose name is longer than it', { hex: `04 02 09 41 ${M}` }, 'm')
taken('MORE on a command, within a message', { hex: `01 01 61 05 05 04 504f4e47 ${M}` }, 'a|m')
taken('reserved flag bits', { hex: `f8 01 6d` }, 'm')
taken('the long form of a short length', { hex: '02 0000000000000001 6d' }, 'm')
taken('SUBSCRIBE to a PULL', { hex: `04 0b 09 535542534352494245 41 ${M}` }, 'm')
taken('ERROR after the handshake', { hex: `04 0a 05 4552524f52 03 343030 ${M}` }, 'm')
taken('a message that never ends, as far as it comes', { hex: `${M} 01 01 61` }, 'm')
taken(
  'a PING too short for a time to live',
  { hex: `04 05 04 50494e47 04 06 04 50494e47 00 ${M}` },
  'm',
)

test('a PING too short has no answer; one with ttl 656 is taken at its word', () =>
  play({ hex: '04 06 04 50494e47 00 04 07 04 50494e47 0290' }, (run) => {
    const to = run()
    assert.equal(to.timesToLive, [65_600])
    assert.ok(toHex(to.answers()).endsWith('040504504f4e47'))
  }))

test.run()

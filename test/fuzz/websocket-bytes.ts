// HTTP and WebSocket bytes as a client sends them, good and bad (RFC 6455), for real connections.
import { bytes } from '../support/texts.ts'
import { join } from '../support/zmtp-peer.ts'
import type { Random } from './random.ts'

const PROTOCOLS = [
  'zmtp.zmanager',
  'ZWS2.0',
  'ZWS2.0/NULL',
  'chat',
  '',
  'ZWS2.0,zmtp.zmanager',
  ',,',
]
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

/** An upgrade request that is good, but for the subprotocols it may offer. */
export function upgrade(protocol: string, more = ''): Uint8Array {
  const lines = [
    'GET / HTTP/1.1',
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
    `Sec-WebSocket-Protocol: ${protocol}`,
  ]
  return bytes(`${lines.join('\r\n')}\r\n${more}\r\n`)
}

interface FrameParts {
  readonly opcode?: number
  readonly final?: boolean
  readonly reserved?: number
  readonly masked?: boolean
  /** What the header says, whatever the payload is. */
  readonly size?: bigint
}

/** A frame of a client; its mask of zeros leaves the payload as it is. */
export function webSocketFrame(payload: Uint8Array, parts: FrameParts = {}): Uint8Array {
  const { opcode = 2, final = true, reserved = 0, masked = true } = parts
  const size = parts.size ?? BigInt(payload.length)
  const header = Buffer.alloc(size < 126n ? 2 : size < 65_536n ? 4 : 10)
  header[0] = (final ? 0x80 : 0) | (reserved << 4) | opcode
  header[1] = masked ? 0x80 : 0
  if (size < 126n) header[1] |= Number(size)
  else if (size < 65_536n) {
    header[1] |= 126
    header.writeUInt16BE(Number(size), 2)
  } else {
    header[1] |= 127
    header.writeBigUInt64BE(size, 2)
  }
  return join(header, new Uint8Array(masked ? 4 : 0), payload)
}

/** A frame that is wrong in one of the ways the RFC knows, or the beginning of one. */
function badFrame(random: Random): Uint8Array {
  const payload = random.bytes(random.below(200))
  const bad: readonly FrameParts[] = [
    { masked: false },
    { size: 2n ** 40n },
    { size: 2n ** 63n },
    { size: 2n ** 64n - 1n },
    { size: BigInt(payload.length + 1 + random.below(100)) },
    { opcode: 1 },
    { reserved: 1 + random.below(7) },
    { opcode: random.pick([3, 4, 7, 11, 15]) },
    { opcode: random.pick([8, 9, 10]), size: BigInt(126 + random.below(1000)) },
    { opcode: random.pick([8, 9, 10]), final: false },
    { opcode: 0 },
    { final: false },
    { opcode: 8 },
    { opcode: 9 },
    { opcode: 10 },
  ]
  return webSocketFrame(payload, random.pick(bad))
}

/** What a client says after its upgrade: messages, and between them what is wrong. */
export function webSocketTraffic(random: Random, messages: readonly Uint8Array[]): Uint8Array {
  const frames = messages.map((message) =>
    random.chance(20)
      ? join(
          webSocketFrame(message.subarray(0, 1), { final: false }),
          webSocketFrame(message.subarray(1), { opcode: 0 }),
        )
      : webSocketFrame(message),
  )
  if (random.chance(70)) frames.splice(random.below(frames.length + 1), 0, badFrame(random))
  return join(...frames)
}

const REQUESTS = [
  'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  'GET /\r\n\r\n',
  'HEAD / HTTP/1.1\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  'DELETE / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\n\r\n',
  'TRACE / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n',
  'GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  'GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: ZWS2.0\r\n\r\n',
]

/** An HTTP request that is no good upgrade, whole or in part. */
export function badRequest(random: Random): Uint8Array {
  const kind = random.below(5)
  if (kind === 0) return upgrade('ZWS2.0', `X-Large: ${'x'.repeat(20_000)}\r\n`)
  if (kind === 1) return upgrade('ZWS2.0', 'X: y\r\n'.repeat(3000))
  if (kind === 2) return upgrade(random.pick(PROTOCOLS)).slice(0, 1 + random.below(200))
  if (kind === 3) return join(bytes(random.pick([...'GHPODCT'])), random.bytes(random.below(200)))
  return bytes(random.pick(REQUESTS))
}

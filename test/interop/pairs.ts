// Which socket types meet in the matrix, and who does what: `sends` and `publishes` one way, `asks`
// both ways, because the other side sends everything back.
import type { SocketOptions } from '../../src/core/option-types.ts'
import type { SocketType } from '../../src/core/socket-type.ts'
import type { ForeignOptions } from './foreign-peer.ts'
import type { FrameText } from './frames.ts'

export interface Pair {
  readonly ours: SocketType
  readonly theirs: SocketType
  readonly does: 'sends' | 'receives' | 'asks' | 'answers' | 'publishes' | 'subscribes'
  /** Frames in front of every message of the side that begins. */
  readonly prefix?: readonly FrameText[]
  /** Only messages of one frame. */
  readonly single?: boolean
  readonly ourOptions?: SocketOptions
  readonly theirOptions?: ForeignOptions
}

export const CLASSIC: readonly Pair[] = [
  { ours: 'PUSH', theirs: 'PULL', does: 'sends' },
  { ours: 'PULL', theirs: 'PUSH', does: 'receives' },
  { ours: 'PUB', theirs: 'SUB', does: 'publishes' },
  { ours: 'SUB', theirs: 'PUB', does: 'subscribes' },
  { ours: 'PUB', theirs: 'XSUB', does: 'publishes' },
  { ours: 'XSUB', theirs: 'PUB', does: 'subscribes' },
  { ours: 'XPUB', theirs: 'SUB', does: 'publishes' },
  { ours: 'SUB', theirs: 'XPUB', does: 'subscribes' },
  { ours: 'XPUB', theirs: 'XSUB', does: 'publishes' },
  { ours: 'XSUB', theirs: 'XPUB', does: 'subscribes' },
  { ours: 'REQ', theirs: 'REP', does: 'asks' },
  { ours: 'REP', theirs: 'REQ', does: 'answers' },
  { ours: 'REQ', theirs: 'ROUTER', does: 'asks' },
  { ours: 'ROUTER', theirs: 'REQ', does: 'answers' },
  { ours: 'DEALER', theirs: 'REP', does: 'asks', prefix: [''] },
  { ours: 'REP', theirs: 'DEALER', does: 'answers', prefix: [''] },
  { ours: 'DEALER', theirs: 'ROUTER', does: 'asks' },
  { ours: 'ROUTER', theirs: 'DEALER', does: 'answers' },
  { ours: 'DEALER', theirs: 'DEALER', does: 'asks' },
  {
    ours: 'ROUTER',
    theirs: 'ROUTER',
    does: 'asks',
    prefix: ['theirs'],
    ourOptions: { routingId: 'ours' },
    theirOptions: { routingId: 'theirs' },
  },
  { ours: 'PAIR', theirs: 'PAIR', does: 'asks' },
]

const GROUP = '@group'

export const DRAFT: readonly Pair[] = [
  { ours: 'CLIENT', theirs: 'SERVER', does: 'asks', single: true },
  { ours: 'SERVER', theirs: 'CLIENT', does: 'answers', single: true },
  { ours: 'SCATTER', theirs: 'GATHER', does: 'sends', single: true },
  { ours: 'GATHER', theirs: 'SCATTER', does: 'receives', single: true },
  { ours: 'RADIO', theirs: 'DISH', does: 'publishes', single: true, prefix: [GROUP] },
  { ours: 'DISH', theirs: 'RADIO', does: 'subscribes', single: true, prefix: [GROUP] },
  { ours: 'CHANNEL', theirs: 'CHANNEL', does: 'asks', single: true },
]

const MIB = 1024 * 1024

/** Sizes on both sides of what frame headers tell apart, and one that no buffer on the way holds. */
const SINGLE: readonly FrameText[][] = [
  [''],
  ['x'],
  ['*255:1'],
  ['*256:2'],
  ['*65536:3'],
  [`*${10 * MIB}:4`],
]

const MULTIPART: readonly FrameText[][] = [
  ['a', 'b'],
  ['', ''],
  ['a', '', 'c'],
  ['', '*256:5', '*65536:6', ''],
  ['*255:7', '*70000:8', 'end'],
]

/** The messages of one pair. */
export function messagesOf({ single, prefix = [] }: Pair): FrameText[][] {
  const bodies = single ? SINGLE : [...SINGLE, ...MULTIPART]
  return bodies.map((body) => [...prefix, ...body])
}

export function nameOf({ ours, theirs }: Pair): string {
  return `${ours} - ${theirs}`
}

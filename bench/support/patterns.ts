// What is measured between the parts: the rows of the matrix by name.

import type { Pattern } from './protocol.ts'

export interface Shape {
  readonly pattern: Pattern
  /** Sockets of the receiving part. */
  readonly sockets: number
  /** Devices on the way. */
  readonly hops: number
}

export type ShapeName =
  | 'push-pull'
  | 'req-rep'
  | 'pub-sub 1'
  | 'pub-sub 8'
  | 'dealer-router'
  | 'streamer'
  | 'queue'
  | 'forwarder'

export const SHAPES: Readonly<Record<ShapeName, Shape>> = {
  'push-pull': { pattern: 'push-pull', sockets: 1, hops: 0 },
  'req-rep': { pattern: 'req-rep', sockets: 1, hops: 0 },
  'pub-sub 1': { pattern: 'pub-sub', sockets: 1, hops: 0 },
  'pub-sub 8': { pattern: 'pub-sub', sockets: 8, hops: 0 },
  'dealer-router': { pattern: 'dealer-router', sockets: 1, hops: 0 },
  streamer: { pattern: 'push-pull', sockets: 1, hops: 1 },
  queue: { pattern: 'dealer-router', sockets: 1, hops: 1 },
  forwarder: { pattern: 'pub-sub', sockets: 1, hops: 1 },
}

export const SHAPE_NAMES = Object.keys(SHAPES) as ShapeName[]

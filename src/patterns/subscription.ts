// A subscription as it travels in a pipe: one frame, 01 (subscribe) or 00 (cancel), then the prefix
// (RFC 29). Wires that have commands for it translate.

import { Frame, type Message } from '../core/message.ts'

export interface Subscription {
  readonly subscribe: boolean
  readonly prefix: Uint8Array
}

export function subscriptionMessage(subscribe: boolean, prefix: Uint8Array): Message {
  const frame = new Frame(prefix.byteLength + 1)
  frame[0] = subscribe ? 1 : 0
  frame.set(prefix, 1)
  return [frame]
}

/** Undefined for a frame that is no subscription. */
export function parseSubscription(frame: Uint8Array): Subscription | undefined {
  const first = frame[0]
  if (first !== 0 && first !== 1) return undefined
  return { subscribe: first === 1, prefix: frame.subarray(1) }
}

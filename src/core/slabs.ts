// Slabs of one size, used again once what they held has left. All connections of a thread share
// the few that are kept; one that was busy keeps the one it writes into.

import { allocate } from './message.ts'

export const SLAB_BYTES: number = 64 * 1024
/** As many are kept. */
export const MOST_SLABS: number = 16

const spare: Uint8Array<ArrayBuffer>[] = []

export function takeSlab(): Uint8Array<ArrayBuffer> {
  return spare.pop() ?? allocate(SLAB_BYTES)
}

/** The caller must be sure that nobody reads it any more. */
export function giveSlabBack(slab: Uint8Array<ArrayBuffer>): void {
  if (spare.length < MOST_SLABS) spare.push(slab)
}

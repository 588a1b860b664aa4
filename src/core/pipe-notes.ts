// What those who use a pipe write on their end of it, so that they find it again without a map. The
// pipe itself reads none of it.

/** The notes on one end of a pipe. */
export abstract class NotedPipe {
  /** The routing id this end's owner chose for the peer (ZMQ_CONNECT_ROUTING_ID). */
  alias: Uint8Array | undefined = undefined
  /** Takes this end back when a socket that adopted it is done with it (inproc). */
  giveBack: (() => void) | undefined = undefined

  // Slots of the strategies: this pipe's index in each list, so that swaps cost O(1).
  lb = -1
  fq = -1
  dist = -1
}

// PEER (draft, RFC 51): a SERVER among equals: whoever it connects to, or comes to it, has a routing id.

import { ZmqError } from '../core/errors.ts'
import { defineOptions } from '../core/option-properties.ts'
import { type RoutedOptions, RoutedSocket } from './routed.ts'

export type PeerOptions = RoutedOptions

/** ZMQ_PEER. */
export class Peer extends RoutedSocket {
  constructor(options?: PeerOptions) {
    super('PEER', options)
  }

  /**
   * Connects, and returns the routing id of the peer there: it can be sent to at once, and keeps its
   * number over reconnects. Throws what `connect` throws, and EFAULT with the option `immediate`,
   * because then there is no peer before its handshake is done. zmq_connect_peer.
   */
  connectPeer(endpoint: string): number {
    if (this.settings.immediate) {
      throw new ZmqError('EFAULT', 'connectPeer does not go with the option immediate', {
        address: endpoint,
      })
    }
    this.connect(endpoint)
    return this.lastId
  }
}

export interface Peer extends Required<PeerOptions> {}
defineOptions(Peer, 'PEER')

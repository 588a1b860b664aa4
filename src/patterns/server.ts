// SERVER (draft, RFC 41): answers CLIENTs, each by the routing id that came with its message.

import { defineOptions } from '../core/option-properties.ts'
import { type RoutedOptions, RoutedSocket } from './routed.ts'

export type ServerOptions = RoutedOptions

/**
 * ZMQ_SERVER.
 *
 *     const [request, { routingId }] = await server.receive()
 *     await server.send(reply, { routingId })
 */
export class Server extends RoutedSocket {
  constructor(options?: ServerOptions) {
    super('SERVER', options)
  }
}

export interface Server extends Required<ServerOptions> {}
defineOptions(Server, 'SERVER')

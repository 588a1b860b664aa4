// The Node entry: the public names, with inproc, ipc, tcp and ws registered.

import { registerTransport } from './core/transport.ts'
import { wire } from './core/wire.ts'
import { Hub } from './transport/inproc/hub.ts'
import { inproc } from './transport/inproc/inproc.ts'
import { ipc } from './transport/node/ipc.ts'
import { ThreadCourier } from './transport/node/threads.ts'
import { websocket } from './transport/node/ws-server.ts'

registerTransport(inproc(new Hub(new ThreadCourier())))
registerTransport(wire(['ipc'], ipc))
registerTransport(wire(['tcp', 'ws'], websocket))

export * from './sockets.ts'

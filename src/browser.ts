// The browser entry: the same names. In a page, inproc connects sockets of the same thread; ws://,
// wss:// and tcp:// endpoints can be connected to, over the browser's WebSocket, and not bound.

import { registerTransport, type Wire } from './core/transport.ts'
import { wire } from './core/wire.ts'
import { pageWire } from './transport/browser/websocket.ts'
import { inproc } from './transport/inproc/inproc.ts'
import { zmtpFor } from './wire/zmtp/zmtp.ts'

/** A page has no other threads that could be found by name. */
const alone: Wire = {
  dial: (_endpoint, _host, signal) =>
    new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason)),
    ),
  listen: async (endpoint) => ({ endpoint: endpoint.text, close: async () => {} }),
  protocol: zmtpFor,
}

registerTransport(inproc(alone))
registerTransport(wire(['ws', 'wss', 'tcp'], pageWire()))

export * from './sockets.ts'

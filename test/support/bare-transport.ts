// A transport that does nothing but hand the far end of each pipe to the test: sockets without I/O.
import type { Pipe } from '../../src/core/pipe.ts'
import type { Socket } from '../../src/core/socket.ts'
import type { SocketType } from '../../src/core/socket-type.ts'
import { registerTransport } from '../../src/core/transport.ts'
import { peerInfo, RecordingSink } from './pipes.ts'

const ends: Pipe[] = []
let count = 0

registerTransport({
  schemes: ['bare'],
  connect: (_endpoint, far) => void ends.push(far),
  bind: async (endpoint) => ({ endpoint: endpoint.text, close: async () => {} }),
})

/** A new pipe of `socket`: its far end, with no peer yet. */
export function bareEnd(socket: Socket): Pipe {
  socket.connect(`bare://${count++}`)
  const far = ends.pop() as Pipe
  far.attach(new RecordingSink())
  return far
}

/** A new pipe of `socket` whose peer is a `socketType` in the test's hands. */
export function barePeer(socket: Socket, socketType: SocketType): Pipe {
  const far = bareEnd(socket)
  far.join(peerInfo(socketType))
  return far
}

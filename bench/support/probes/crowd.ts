// The peers of a connections test, in a process of their own: connects as many PUSH sockets as it
// is told, and lets one of them send. Its parent (peers.ts) says what and when.
//
// Usage (by fork): crowd.ts <endpoint>

import { loadZmanager } from '../library.ts'

const [endpoint = ''] = process.argv.slice(2)
const AT_ONCE = 100
const SIZE = 16

export type CrowdOrder = { connect: number } | { send: number }

const { Push } = await loadZmanager()
const sockets: InstanceType<typeof Push>[] = []

async function connectTo(wanted: number): Promise<void> {
  while (sockets.length < wanted) {
    const group = Array.from({ length: Math.min(AT_ONCE, wanted - sockets.length) }, connectOne)
    await Promise.all(group)
  }
}

function connectOne(): Promise<void> {
  const socket = new Push({ linger: 0 })
  sockets.push(socket)
  return new Promise((resolve) => {
    socket.events.on('handshake', () => resolve())
    socket.connect(endpoint)
  })
}

async function send(count: number): Promise<void> {
  const message = Buffer.alloc(SIZE)
  const socket = sockets[0]
  for (let sent = 0; sent < count; sent++) await socket?.send(message)
}

process.on('disconnect', () => process.exit())
process.on('message', async (order: CrowdOrder) => {
  if ('connect' in order) await connectTo(order.connect)
  else await send(order.send)
  process.send?.('done')
})
process.send?.('ready')

// The worker thread of threadPeers: carries out orders on its own sockets, in order of arrival.
import { parentPort } from 'node:worker_threads'
import type { SocketOptions } from '../../src/core/option-types.ts'
import { METHODS, makePeer, type PeerSocket, type PeerType } from './peer-socket.ts'
import type { Answer, Order } from './peers.ts'

const sockets = new Map<number, PeerSocket>()

async function perform({ socket, method, args }: Order): Promise<unknown> {
  if (method === 'open') {
    const [type, options] = args as [PeerType, SocketOptions | undefined]
    sockets.set(socket, makePeer(type, options))
    return
  }
  if (method === 'closeAll') return closeAll()
  return METHODS[method](sockets.get(socket) as PeerSocket, args as never)
}

async function closeAll(): Promise<void> {
  const all = [...sockets.values()]
  sockets.clear()
  for (const socket of all) socket.linger = 0
  await Promise.all(all.map((socket) => socket.close()))
}

parentPort?.on('message', (order: Order) => {
  const reply = (answer: Omit<Answer, 'call'>): void =>
    parentPort?.postMessage({ call: order.call, ...answer } satisfies Answer)
  perform(order).then(
    (value) => reply({ value }),
    (error: { code?: string; message: string }) =>
      reply({ error: { code: error.code ?? 'EIO', message: error.message } }),
  )
})

// Baseline: bare `ws`, one frame a message.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'
import { type Actor, SILENT, UNTIMED } from './actor.ts'
import { Inbox } from './inbox.ts'
import type { Opening, Task } from './protocol.ts'

const MOST_BUFFERED = 1024 * 1024
const SENDS_A_TURN = 256

export async function wsActor({ role, connect = '' }: Opening): Promise<Actor> {
  return role === 'sender' ? sender(connect) : receiver()
}

async function sender(endpoint: string): Promise<Actor> {
  const socket = new WebSocket(endpoint, { perMessageDeflate: false })
  await once(socket, 'open')
  return {
    ...SILENT,
    endpoint,
    async run(task) {
      await sendAll(socket, task)
      return UNTIMED
    },
  }
}

async function sendAll(socket: WebSocket, { size, warm, count }: Task): Promise<void> {
  const message = Buffer.alloc(size, 1)
  for (let sent = 1; sent <= warm + count; sent++) {
    socket.send(message)
    if (sent % SENDS_A_TURN === 0) await nextTurn()
    while (socket.bufferedAmount > MOST_BUFFERED) await nextTurn()
  }
}

async function receiver(): Promise<Actor> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  await once(server, 'listening')
  const inbox = new Inbox()
  server.on('connection', (socket) => {
    socket.on('message', (data) => inbox.take(data as Buffer))
  })
  return inbox.at(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

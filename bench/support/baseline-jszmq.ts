// Baseline: jszmq, ZeroMQ in JavaScript over WebSockets. Its `send` never says wait, so a sender
// lets the event loop turn now and then.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import jszmq from 'jszmq'
import { type Actor, SILENT, UNTIMED } from './actor.ts'
import { Inbox } from './inbox.ts'
import type { Opening } from './protocol.ts'

const SENDS_A_TURN = 64

export async function jszmqActor({ role, connect = '' }: Opening): Promise<Actor> {
  return role === 'sender' ? sender(connect) : receiver()
}

function sender(endpoint: string): Actor {
  const push = new jszmq.Push()
  push.connect(endpoint)
  return {
    ...SILENT,
    endpoint,
    async run({ size, warm, count }) {
      const message = Buffer.alloc(size, 1)
      for (let sent = 1; sent <= warm + count; sent++) {
        push.send(message)
        if (sent % SENDS_A_TURN === 0) await nextTurn()
      }
      return UNTIMED
    },
  }
}

async function receiver(): Promise<Actor> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/bench`
  const pull = new jszmq.Pull()
  pull.bind(endpoint, server)
  const inbox = new Inbox()
  pull.on('message', (frame: Uint8Array) => inbox.take(frame))
  return inbox.at(endpoint)
}

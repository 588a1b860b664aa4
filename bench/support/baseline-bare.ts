// Baseline: ZMTP frames over a plain socket, `await send` and `await receive`, and nothing else: no
// handshake, no patterns, no events. What whole sockets are to come near to.

import { type Actor, SILENT, UNTIMED } from './actor.ts'
import { BareReader } from './bare-reader.ts'
import { BareWriter } from './bare-writer.ts'
import { connectPlain, listenPlain } from './plain-sockets.ts'
import type { Opening } from './protocol.ts'
import { Tally } from './tally.ts'

export async function bareActor({ role, bind = '', connect = '' }: Opening): Promise<Actor> {
  return role === 'sender' ? sender(bind) : receiver(connect)
}

async function sender(wanted: string): Promise<Actor> {
  const { endpoint, socket } = await listenPlain(wanted)
  const writer = socket.then((one) => new BareWriter(one))
  return {
    ...SILENT,
    endpoint,
    async run({ size, warm, count }) {
      const out = await writer
      const message = Buffer.alloc(size, 1)
      for (let sent = 0; sent < warm + count; sent++) await out.send(message)
      return UNTIMED
    },
  }
}

async function receiver(endpoint: string): Promise<Actor> {
  const reader = new BareReader()
  reader.socket = await connectPlain(endpoint, true, (chunk) => reader.add(chunk))
  let tally: Tally | undefined
  return {
    ...SILENT,
    endpoint,
    seen: () => tally?.seen ?? 0,
    async run(task) {
      tally = new Tally(task)
      while (!tally.takeFrame(await reader.receive()));
      return { seconds: tally.seconds() }
    },
  }
}

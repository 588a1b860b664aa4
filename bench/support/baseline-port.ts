// Baseline: bare postMessage between two worker threads, one message at a time, with credit so that
// the queue stays as short as a socket's.

import {
  MessageChannel,
  type MessagePort,
  postMessageToThread,
  threadId,
} from 'node:worker_threads'
import { type Actor, SILENT, UNTIMED } from './actor.ts'
import { Inbox } from './inbox.ts'
import type { Opening } from './protocol.ts'

const WINDOW = 1000
const CREDIT = 500

export async function portActor({ role, connect = '' }: Opening): Promise<Actor> {
  return role === 'sender' ? sender(connect) : receiver()
}

async function sender(endpoint: string): Promise<Actor> {
  const { port1: port, port2 } = new MessageChannel()
  await postMessageToThread(Number(endpoint), { benchPort: port2 }, [port2])
  let room = WINDOW
  let wake = (): void => {}
  port.on('message', (credit: number) => {
    room += credit
    wake()
  })
  return {
    ...SILENT,
    endpoint,
    async run({ size, warm, count }) {
      const message = new Uint8Array(size).fill(1)
      for (let sent = 0; sent < warm + count; sent++) {
        while (room === 0)
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        room--
        port.postMessage(message)
      }
      return UNTIMED
    },
  }
}

function receiver(): Actor {
  const inbox = new Inbox()
  let taken = 0
  process.on('workerMessage', ({ benchPort: port }: { benchPort?: MessagePort }) => {
    port?.on('message', (frame: Uint8Array) => {
      if (++taken % CREDIT === 0) port.postMessage(CREDIT)
      inbox.take(frame)
    })
  })
  return inbox.at(String(threadId))
}

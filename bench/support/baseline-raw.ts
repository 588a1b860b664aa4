// Baseline: the socket alone, written in 64 KiB blocks of nothing: what no message can be faster
// than. Its rate is in messages of the row's size, so that it stands in the same column.

import { type Actor, SILENT, UNTIMED } from './actor.ts'
import { connectPlain, drained, listenPlain } from './plain-sockets.ts'
import type { Opening, Task } from './protocol.ts'

const BLOCK = 64 * 1024

export async function rawActor({ role, bind = '', connect = '' }: Opening): Promise<Actor> {
  return role === 'sender' ? sender(bind) : receiver(connect)
}

function bytesOf({ size, warm, count }: Task): number {
  return (warm + count) * size
}

async function sender(wanted: string): Promise<Actor> {
  const { endpoint, socket } = await listenPlain(wanted)
  return {
    ...SILENT,
    endpoint,
    async run(task) {
      const out = await socket
      const block = Buffer.alloc(BLOCK)
      for (let left = bytesOf(task); left > 0; left -= BLOCK)
        await drained(out, !out.write(left < BLOCK ? block.subarray(0, left) : block))
      return UNTIMED
    },
  }
}

async function receiver(endpoint: string): Promise<Actor> {
  let got = 0
  let size = 1
  let onBytes = (): void => {}
  await connectPlain(endpoint, false, (chunk) => {
    got += chunk.length
    onBytes()
  })
  return {
    ...SILENT,
    endpoint,
    seen: () => Math.floor(got / size),
    run(task) {
      size = task.size
      return new Promise((resolve) => {
        let startedAt = 0
        let startedWith = 0
        onBytes = () => {
          if (startedAt === 0 && got >= task.warm * size) {
            startedAt = performance.now()
            startedWith = got
          }
          if (got < bytesOf(task)) return
          const seconds = (performance.now() - startedAt) / 1000
          const timed = got - startedWith
          got = 0
          onBytes = () => {}
          resolve({ seconds: timed > 0 ? (seconds * task.count * size) / timed : seconds })
        }
        onBytes()
      })
    },
  }
}

// Node's worker threads as the hub sees them: notes over a BroadcastChannel, ports by
// postMessageToThread (Node 20.19, 22.5 and later).

import {
  BroadcastChannel,
  isMainThread,
  MessageChannel,
  type MessagePort,
  postMessageToThread,
  threadId,
} from 'node:worker_threads'
import type { Courier, Note, ThreadId } from '../inproc/hub.ts'
import type { PortLike } from '../inproc/port.ts'

const CHANNEL = 'zmanager:inproc'
const MAIN_THREAD = 0

interface Parcel {
  readonly zmanager: Note
  readonly port: MessagePort
}

export class ThreadCourier implements Courier {
  readonly self: ThreadId = threadId
  readonly parent: ThreadId | undefined = isMainThread ? undefined : MAIN_THREAD
  #channel: BroadcastChannel | undefined

  listen(onNote: (note: Note) => void, onPort: (note: Note, port: PortLike) => void): void {
    this.#channel = new BroadcastChannel(CHANNEL)
    this.#channel.onmessage = (event) => onNote((event as { data: Note }).data)
    this.#channel.unref()
    process.on('workerMessage', (parcel: Partial<Parcel> | undefined) => {
      if (parcel?.zmanager && parcel.port)
        onPort(parcel.zmanager, parcel.port as unknown as PortLike)
    })
  }

  broadcast(note: Note): void {
    this.#channel?.postMessage(note)
  }

  async sendPort(to: ThreadId, note: Note): Promise<PortLike> {
    const { port1, port2 } = new MessageChannel()
    // Node waits for ever for a thread that ends before it looks at what it was sent.
    const gone = new Promise<never>((_, reject) => {
      port1.once('close', () => reject(new Error(`Thread ${to} has ended`)))
    })
    const parcel: Parcel = { zmanager: note, port: port2 }
    try {
      await Promise.race([postMessageToThread(to, parcel, [port2]), gone])
    } catch (error) {
      port1.close()
      throw error
    }
    return port1 as unknown as PortLike
  }
}

// A sign of life over a host's own channel: whoever started it asks, its event loop answers when it turns.
// Knows nothing of what runs there, nor what silence means.

import { parentPort } from 'node:worker_threads'

/** The question and its answer. */
const ALIVE = 'zmanager:alive'

/** A thread or a process, as whoever started it sees it. */
interface Channel {
  on(event: 'message', listener: (message: unknown) => void): unknown
  off(event: 'message', listener: (message: unknown) => void): unknown
}

/** Asks, and resolves when an answer comes; never, if none does. */
export function signOfLife(channel: Channel, send: (word: string) => void): Promise<void> {
  return new Promise((resolve) => {
    const hear = (message: unknown): void => {
      if (message !== ALIVE) return
      channel.off('message', hear)
      resolve()
    }
    channel.on('message', hear)
    send(ALIVE)
  })
}

/** For the code in a host: answers from now on; does not keep it alive. */
export function answerAlive(): void {
  const port = parentPort
  if (port) port.on('message', (word) => word === ALIVE && port.postMessage(ALIVE)).unref()
  else process.on('message', (word) => word === ALIVE && process.send?.(ALIVE, () => {}))
}

// Waiting on several sockets at once (zmq_poll).

import { clock } from './clock.ts'
import type { Socket } from './socket.ts'
import type { WaitOptions } from './waiters.ts'

/** What to wait for on a socket. */
export interface PollItem {
  readonly socket: Socket
  readonly readable?: boolean
  readonly writable?: boolean
}

export interface PollOptions extends WaitOptions {
  /** Milliseconds; -1 = for ever, 0 = only look. Default -1. */
  timeout?: number
}

/**
 * Resolves with those items of which something asked for is possible now, in the order given; none
 * after `timeout`. Rejects with the signal's reason, or with EBADF when a socket is closed meanwhile.
 */
export async function poll(
  items: readonly PollItem[],
  options: PollOptions = {},
): Promise<PollItem[]> {
  const { signal, timeout = -1 } = options
  let over = timeout === 0
  const limit = timeout > 0 ? clock.after(timeout, () => end.abort()) : undefined
  let end = new AbortController()
  try {
    for (;;) {
      signal?.throwIfAborted()
      const ready = items.filter(isReady)
      if (ready.length > 0 || over) return ready
      await anyChange(items, end, signal)
      over = end.signal.aborted
      if (!over) end = new AbortController()
    }
  } finally {
    limit?.cancel()
  }
}

function isReady({ socket, readable, writable }: PollItem): boolean {
  return (readable === true && socket.readable) || (writable === true && socket.writable)
}

/** Resolves at the next change of any socket, or when `end` is aborted. */
async function anyChange(
  items: readonly PollItem[],
  end: AbortController,
  signal?: AbortSignal,
): Promise<void> {
  const waiting = new AbortController()
  const stop = (): void => waiting.abort()
  end.signal.addEventListener('abort', stop)
  signal?.addEventListener('abort', stop)
  try {
    await Promise.race(items.map(({ socket }) => socket.changed({ signal: waiting.signal })))
  } catch (error) {
    if (!waiting.signal.aborted) throw error
  } finally {
    waiting.abort()
    signal?.removeEventListener('abort', stop)
  }
}

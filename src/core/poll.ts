// Waiting on several sockets at once (zmq_poll).

import { clock } from './clock.ts'
import { holdProcess } from './loop.ts'
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
  const limit = new AbortController()
  if (timeout === 0) limit.abort(null)
  const timer = timeout > 0 ? clock.after(timeout, () => limit.abort(null)) : undefined
  const release = holdProcess()
  try {
    for (;;) {
      signal?.throwIfAborted()
      const ready = items.filter(isReady)
      if (ready.length > 0 || limit.signal.aborted) return ready
      await anyChange(items, signal ? [limit.signal, signal] : [limit.signal])
    }
  } finally {
    timer?.cancel()
    release()
  }
}

function isReady({ socket, readable, writable }: PollItem): boolean {
  return (readable === true && socket.readable) || (writable === true && socket.writable)
}

/** Resolves at the next change of any socket, or when one of `ends` is aborted. */
async function anyChange(items: readonly PollItem[], ends: readonly AbortSignal[]): Promise<void> {
  const waiting = new AbortController()
  const stop = (): void => waiting.abort(null)
  const stopped = new Promise<void>((resolve) => {
    waiting.signal.addEventListener('abort', () => resolve())
  })
  for (const end of ends) end.addEventListener('abort', stop)
  const changes = items.map(({ socket }) => socket.changed({ signal: waiting.signal }))
  try {
    await Promise.race([stopped, ...changes])
  } finally {
    waiting.abort(null) // without a reason it would make an exception with a stack trace
    for (const end of ends) end.removeEventListener('abort', stop)
    for (const change of changes) change.catch(() => {}) // given up above
  }
}

// Sockets as Web streams, chunk by chunk one message, with back-pressure both ways: a reader that
// pauses leaves messages in the socket's queues, and a socket that is full makes a write wait.

import type { MessageLike, ReceivedMessage } from './message.ts'
import type { Readable, Taking } from './readable.ts'
import type { Writable } from './writable.ts'

export interface StreamOptions {
  /** The end of the stream (cancel, close, abort) closes the socket too. Default false. */
  close?: boolean
}

/** What streams need of a socket besides messages. */
interface Closable {
  readonly closed: boolean
  close(): Promise<void>
}

/**
 * A stream of what `socket` receives. A message is taken only when somebody reads: nothing is
 * buffered, and other receivers of the same socket get their turn between reads.
 *
 * The stream ends when the socket is closed, and errors as `receive` rejects (EAGAIN after
 * `receiveTimeout`, EFSM). `cancel` (or leaving a `for await` over it) loses no message: one that is
 * waited for stays with the socket, which stays open unless `close`; then `cancel` resolves when the
 * socket has ended.
 */
export function toReadable<M extends readonly unknown[] = ReceivedMessage>(
  socket: Readable<M> & Taking<M> & Closable,
  { close = false }: StreamOptions = {},
): ReadableStream<M> {
  const cancelled = new AbortController()
  const { signal } = cancelled
  return new ReadableStream<M>(
    {
      async pull(controller) {
        try {
          await socket.receiveTo((message) => controller.enqueue(message), { signal })
        } catch (error) {
          if (signal.aborted) return
          if (!socket.closed) throw error
          controller.close()
        }
      },
      async cancel(reason) {
        cancelled.abort(reason)
        if (close) await socket.close()
      },
    },
    { highWaterMark: 0 },
  )
}

/**
 * A stream whose chunks `socket` sends. One message at a time is under way: `write` settles as `send`
 * does, so `ready` and `desiredSize` tell when a full socket takes messages again. A chunk that
 * cannot be sent errors the stream, as streams do.
 *
 * `close` resolves when all was given to the socket; `abort` gives up a write that waits. The socket
 * stays open unless `close`; then both also close it and wait for its end (`linger`).
 */
export function toWritable(
  socket: Writable & Closable,
  { close = false }: StreamOptions = {},
): WritableStream<MessageLike> {
  const end = async (): Promise<void> => {
    if (close) await socket.close()
  }
  return new WritableStream<MessageLike>(
    {
      // The controller's signal is that of `abort`; Node's types lack it.
      write: (message, controller) =>
        socket.send(message, { signal: (controller as { signal?: AbortSignal }).signal }),
      close: end,
      abort: end,
    },
    { highWaterMark: 1 },
  )
}

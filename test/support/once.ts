// Waiting for a socket's event instead of for time to pass.
import type { EventOf, EventType } from '../../src/core/events.ts'
import type { Socket } from '../../src/core/socket.ts'
import { within } from './within.ts'

/** The next event of this type. Listen before doing what causes it. */
export function once<T extends EventType>(
  socket: Pick<Socket, 'events'>,
  type: T,
  ms = 10_000,
): Promise<EventOf<T>> {
  const event = new Promise<EventOf<T>>((resolve) => socket.events.once(type, resolve))
  return within(ms, event, `event '${type}'`)
}

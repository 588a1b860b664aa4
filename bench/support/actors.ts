// Which actor holds a seat. Loads only what it needs, so that nothing else takes memory or time.

import type { Actor } from './actor.ts'
import type { Opening } from './protocol.ts'

export async function makeActor(opening: Opening): Promise<Actor> {
  const { mode, role } = opening
  switch (mode) {
    case 'jszmq':
      return (await import('./baseline-jszmq.ts')).jszmqActor(opening)
    case 'ws':
      return (await import('./baseline-ws.ts')).wsActor(opening)
    case 'postMessage':
      return (await import('./baseline-port.ts')).portActor(opening)
    case 'raw':
      return (await import('./baseline-raw.ts')).rawActor(opening)
    case 'bare':
      return (await import('./baseline-bare.ts')).bareActor(opening)
  }
  if (role === 'device') return (await import('./device-actor.ts')).deviceActor(opening)
  const { receiverActor, senderActor } = await import('./socket-actors.ts')
  return role === 'sender' ? senderActor(opening) : receiverActor(opening)
}

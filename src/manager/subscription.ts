// Subscribing so that nothing published afterwards is missed: the subscriber asks for a topic of its
// own too, and is ready when a message under that one has come.

import { randomUUID } from 'node:crypto'
import { textFrame } from '../core/message.ts'
import { Subscriber } from '../patterns/sub.ts'
import type { IntegrationManager } from './integration-manager.ts'

/** How often a new subscriber is tried to be reached. */
const PROBE_MS = 2

/** Resolves when the subscription to `prefix` is in force. Its queue is unlimited. Rejects with EBADF when the publisher is closed. */
export async function subscribeTo(
  publisher: IntegrationManager,
  endpoint: string,
  prefix: string,
): Promise<Subscriber> {
  const subscriber = new Subscriber({ receiveHighWaterMark: 0 })
  const probe = `probe~${randomUUID()}~`
  subscriber.subscribe(prefix, probe) // in this order: with the second the first is in force
  subscriber.connect(endpoint)
  const broken = new AbortController()
  const again = setInterval(() => {
    publisher.publish([textFrame(probe)]).catch((error) => broken.abort(error))
  }, PROBE_MS)
  try {
    await subscriber.receive({ signal: broken.signal })
    subscriber.unsubscribe(probe)
    return subscriber
  } catch (error) {
    void subscriber.close()
    throw error
  } finally {
    clearInterval(again)
  }
}

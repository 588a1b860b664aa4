// Many prefixes at one PUB, in a process of its own: time to add them, memory of each, and what a
// message costs that matches one of them. Prints one JSON object.
//
// Usage: node --expose-gc --import tsx subscriptions.ts <prefixes> <messages>

import { type Frames, loadZmanager } from '../library.ts'

const [prefixes = 10, messages = 1000] = process.argv.slice(2).map(Number)
const AT_ONCE = 1000
const BURST = 100
const WARM_SHARE = 5
const ENDPOINT = 'inproc://subscriptions'

const { Publisher, Subscriber } = await loadZmanager()
const publisher = new Publisher({ linger: 0 })
const subscriber = new Subscriber({ linger: 0 })
await publisher.bind(ENDPOINT)
subscriber.connect(ENDPOINT)

const nameOf = (i: number): string => `topic-${String((i * 7919) % prefixes).padStart(7, '0')}`
const used = (): number => {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

async function receiveFirst(topic: string): Promise<Frames> {
  for (;;) {
    await publisher.send(topic)
    await new Promise((resolve) => setImmediate(resolve))
    const message = subscriber.tryReceive()
    if (message) return message
  }
}

/** Bursts of messages, each matching one prefix; seconds. */
async function publish(count: number): Promise<number> {
  const topics = Array.from({ length: BURST }, (_, i) => Buffer.from(nameOf(i * 31)))
  const startedAt = performance.now()
  for (let sent = 0; sent < count; sent += BURST) {
    for (const topic of topics) await publisher.send(topic)
    for (let got = 0; got < BURST; got++) await subscriber.receive()
  }
  return (performance.now() - startedAt) / 1000
}

const before = used()
const startedAt = performance.now()
for (let i = 0; i < prefixes; i += AT_ONCE) {
  const names = Array.from({ length: Math.min(AT_ONCE, prefixes - i) }, (_, j) => nameOf(i + j))
  subscriber.subscribe(...names)
}
await receiveFirst(nameOf(prefixes - 1))
while (subscriber.tryReceive());
const addSeconds = (performance.now() - startedAt) / 1000
const bytesEach = (used() - before) / prefixes
await publish(Math.ceil(messages / WARM_SHARE))
const count = Math.ceil(messages / BURST) * BURST
const messageUs = ((await publish(count)) / count) * 1e6
console.log(JSON.stringify({ prefixes, addSeconds, bytesEach, messageUs }))
process.exit(0)

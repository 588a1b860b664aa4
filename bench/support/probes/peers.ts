// Many peers at one PULL, in a process of its own: time and memory to accept each, and what a
// message of one of them costs while the others are idle. Prints one JSON object for each number.
//
// Usage: node --expose-gc --import tsx peers.ts <ipc|tcp|zmtp> <directory> <messages> <peers>...

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { loadZmanager } from '../library.ts'
import { freshEndpoint, type TransportName } from '../transports.ts'
import type { CrowdOrder } from './crowd.ts'

const [transport = 'ipc', directory = '', messages = '1000', ...steps] = process.argv.slice(2)
const BACKLOG = 4096
const WARM_SHARE = 5
const FIRST = 10 // not counted: what the first peers load stays for all

const { Pull } = await loadZmanager()
const pull = new Pull({ linger: 0, backlog: BACKLOG })
let accepted = 0
pull.events.on('handshake', () => accepted++)
await pull.bind(freshEndpoint(transport as TransportName, 'zmanager await', directory))
const crowd = fork(fileURLToPath(new URL('crowd.ts', import.meta.url)), [pull.lastEndpoint ?? ''])
await once(crowd, 'message')

const memory = (): number => {
  globalThis.gc?.()
  return process.memoryUsage.rss()
}

async function order(what: CrowdOrder): Promise<void> {
  crowd.send(what)
  await once(crowd, 'message')
}

async function take(count: number): Promise<number> {
  const sent = order({ send: count })
  await pull.receive()
  const startedAt = performance.now()
  for (let got = 1; got < count; got++) await pull.receive()
  const seconds = (performance.now() - startedAt) / 1000
  await sent
  return seconds
}

await order({ connect: FIRST })
await take(FIRST)
let before = FIRST
for (const peers of steps.map(Number)) {
  const memoryBefore = memory()
  const startedAt = performance.now()
  await order({ connect: peers })
  while (accepted < peers) await new Promise((resolve) => setImmediate(resolve))
  const added = peers - before
  const acceptUs = ((performance.now() - startedAt) * 1000) / added
  const bytesEach = (memory() - memoryBefore) / added
  before = peers
  const count = Number(messages)
  await take(Math.ceil(count / WARM_SHARE))
  const messageUs = ((await take(count)) / count) * 1e6
  console.log(JSON.stringify({ peers, acceptUs, bytesEach, messageUs }))
}
process.exit(0)

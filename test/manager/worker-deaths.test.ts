// All the ways in which a handler can end its thread or process: each is a strike for its message, and for no other.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZManager } from '../../src/index.ts'
import { HOST_KINDS } from '../../src/manager/host/host.ts'
import { within } from '../support/index.ts'
import { addFlow, writeNoting } from './noting.ts'

const LIMIT_MS = 60_000

const DIE = `
export async function Die({ how }) {
  if (how === undefined) return
  if (how === 'exit 0') process.exit(0)
  if (how === 'exit 3') process.exit(3)
  if (how === 'abort') process.abort()
  if (how === 'disconnect') process.disconnect()
  if (how === 'throw later') setTimeout(() => { throw new Error('later') })
  if (how === 'throw nothing later') setTimeout(() => { throw undefined })
  if (how === 'reject') Promise.reject(new Error('nobody catches this'))
  await new Promise((resolve) => setTimeout(resolve, 60_000))
}
`

const WAYS = {
  thread: ['exit 0', 'exit 3', 'throw later', 'throw nothing later', 'reject'],
  process: [
    'exit 0',
    'exit 3',
    'throw later',
    'throw nothing later',
    'reject',
    'abort',
    'disconnect',
  ],
}

/** What the operator is told of their ends. */
const OF_ALL = [
  /worker-\d[.\d]* ended with code 3/,
  /worker-\d[.\d]*: Error: later\n +at /,
  /worker-\d[.\d]*: Error: nobody catches this\n +at /,
]
const REASONS = { thread: OF_ALL, process: [...OF_ALL, /worker-\d[.\d]* ended with SIGABRT/] }

for (const kind of HOST_KINDS) {
  test(`${kind}: whatever way a message ends its worker, it becomes a dead letter, and others are done`, async () => {
    const settings = { workers: 2, prefetch: 2, restarts: 50, lines: `worker_type = ${kind}` }
    const file = writeNoting('ipc', settings)
    addFlow(file, 'Die', DIE, 'delivery = at-least-once', 'attempts = 2')
    const reports: string[] = []
    const manager = ZManager.fromFile(file, { report: (text) => reports.push(text) })
    await within(LIMIT_MS, manager.start(), 'it starts')
    const bad: string[] = []
    for (const how of WAYS[kind]) {
      bad.push(await manager.push('Die', { how }))
      for (let n = 0; n < 5; n++) await manager.push('Die', {})
    }
    await within(LIMIT_MS, manager.drain(), 'all end')
    const letters = manager.deadLetters()
    assert.equal(letters.map(({ header }) => header.id).sort(), bad.sort())
    assert.equal([...new Set(letters.map(({ times }) => times))], [2])
    const { done, dead, accepted } = manager.totals()
    assert.equal([accepted, done, dead], [6 * bad.length, 5 * bad.length, bad.length])
    await within(LIMIT_MS, manager.stop(), 'it stops')
    const told = reports.join('\n')
    for (const why of REASONS[kind]) assert.match(told, why)
  })
}

test.run()

// Reloading through a real ZManager: messages under way end in the version in which they began, new ones
// begin in the new one, with new handlers.
import { writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Subscription, Values } from '../../src/index.ts'
import { UPDATE } from '../../src/manager/program/reload.ts'
import { within } from '../support/index.ts'
import {
  A,
  B,
  exists,
  handlers,
  LIMIT_MS,
  refusal,
  stepsOf,
  until,
  way,
  withWay,
} from './reload-fixture.ts'

/** FINISH, too, is published under what the keys have in common. */
async function nextOf(updates: Subscription): Promise<Values> {
  for (;;) {
    const { header, values } = await updates.receive()
    if (header.key === `${UPDATE}`) return values
  }
}

test('a message at work does not hold a reload up, and ends by its version and code; new ones by the new', async () => {
  await withWay(1, async ({ manager, write, path }) => {
    const [begun, gate] = [path('begun'), path('gate')]
    const atWork = manager.request('Way', { begun, gate })
    await until(() => exists(begun))
    write(B)
    assert.equal((await within(LIMIT_MS, manager.reload(), 'the reload')).flows, ['Way'])
    assert.equal(await stepsOf(manager), ['two of B'])
    assert.is(manager.totals().inFlight, 1)
    writeFileSync(gate, '')
    const { steps } = await within(LIMIT_MS, atWork, 'the message at work')
    assert.equal(steps, ['gate of A', 'one of A'])
    await until(() => manager.supervisor.workers.length === 1)
    const { accepted, done } = manager.totals()
    assert.equal([accepted, done], [2, 2])
  })
})

test('messages of the old version that a new worker gets: old steps, new code', async () => {
  await withWay(1, async ({ manager, write, path }) => {
    const [begun, gate] = [path('begun'), path('gate')]
    const asked = [manager.request('Way', { begun, gate })]
    await until(() => exists(begun))
    for (let n = 0; n < 5; n++) asked.push(manager.request('Way', { gate }))
    await until(() => manager.totals().queue === 5)
    write(B)
    const old = manager.supervisor.workers
    await within(LIMIT_MS, manager.reload(), 'the reload')
    assert.equal(manager.supervisor.workers.slice(0, 1), old)
    writeFileSync(gate, '')
    const ends = await within(LIMIT_MS, Promise.all(asked), 'all answers')
    const [first, ...others] = ends.map(({ steps }) => steps)
    assert.equal(first, ['gate of A', 'one of A'])
    for (const steps of others) assert.equal(steps, ['gate of B', 'one of B'])
  })
})

test('nothing is lost while it is reloaded, and no message is in two versions', async () => {
  await withWay(2, async ({ manager, write }) => {
    let isReloading = true
    const ends: unknown[] = []
    const asking = Array.from({ length: 8 }, async () => {
      while (isReloading) ends.push(await stepsOf(manager))
    })
    write(B)
    await within(LIMIT_MS, manager.reload(), 'the reload')
    isReloading = false
    await within(LIMIT_MS, Promise.all(asking), 'all answers')
    for (const steps of ends) {
      const names = (steps as string[]).map((step) => step.split(' ')[0])
      assert.ok(['gate one', 'two'].includes(names.join(' ')), names.join(' '))
    }
    assert.equal(await stepsOf(manager), ['two of B'])
    const { accepted, done, inFlight } = manager.totals()
    assert.equal([accepted, done, inFlight], [ends.length + 1, ends.length + 1, 0])
  })
})

test('subscribers of UPDATE are told what changed; loading the old files again goes back', async () => {
  await withWay(1, async ({ manager, write }) => {
    const updates = await manager.subscribe(UPDATE).ready()
    for (const [files, steps] of [
      [B, ['two of B']],
      [A, ['gate of A', 'one of A']],
    ] as const) {
      write(files)
      assert.equal((await within(LIMIT_MS, manager.reload(), 'a reload')).flows, ['Way'])
      const values = await within(LIMIT_MS, nextOf(updates), 'an update')
      const { flows, at } = values as { flows: string[]; at: number }
      assert.equal(flows, ['Way'])
      assert.ok(at > 0 && at <= Date.now())
      assert.equal(await stepsOf(manager), steps)
    }
    await updates.close()
  })
})

test('changed handlers are loaded though no flow changed', async () => {
  await withWay(1, async ({ manager, write }) => {
    write({ 'handlers.mjs': handlers('C') })
    assert.equal((await within(LIMIT_MS, manager.reload(), 'the reload')).flows, [])
    assert.equal(await stepsOf(manager), ['gate of C', 'one of C'])
  })
})

test('another worker_count is in force after a reload', async () => {
  await withWay(1, async ({ manager, ini }) => {
    ini('worker_count = 1', 'worker_count = 2')
    assert.equal((await within(LIMIT_MS, manager.reload(), 'more workers')).flows, [])
    await until(() => manager.supervisor.workers.length === 2)
    ini('worker_count = 2', 'worker_count = 1')
    await within(LIMIT_MS, manager.reload(), 'less workers')
    await until(() => manager.supervisor.workers.length === 1)
    assert.equal(await stepsOf(manager), ['gate of A', 'one of A'])
  })
})

test('a limit that comes with a reload is kept to', async () => {
  await withWay(1, async ({ manager, write, path }) => {
    write({ 'flows.ini': way('Gate').replace('[Way]\n', '[Way]\ntimeout = 50\n') })
    await within(LIMIT_MS, manager.reload(), 'the reload')
    const error = await refusal(manager.request('Way', { gate: path('gate') }))
    assert.is(error.code, 'ETIMEDOUT')
    writeFileSync(path('gate'), '')
  })
})

test.run()

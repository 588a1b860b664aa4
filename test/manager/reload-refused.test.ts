// Reloads that are refused, or fail: everything goes on as before.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZManager } from '../../src/index.ts'
import { within } from '../support/index.ts'
import { writeFixture } from './fixture.ts'
import {
  A,
  B,
  handlers,
  LIMIT_MS,
  refusal,
  stepsOf,
  until,
  way,
  withWay,
} from './reload-fixture.ts'

test('a file that is gone, a step nobody does, a handler that is missing, another address: nothing changes', async () => {
  await withWay(1, async ({ manager, write, path, ini }) => {
    const before = manager.supervisor.workers.sort()
    const refuses = async (code: string, pattern: RegExp): Promise<void> => {
      const error = await refusal(manager.reload())
      assert.is(error.code, code)
      assert.match(error.message, pattern)
      assert.equal(manager.supervisor.workers.sort(), before)
      assert.equal(await stepsOf(manager), ['gate of A', 'one of A'])
    }
    rmSync(path('flows.ini'))
    await refuses('ENOENT', /flows\.ini/)
    write({ 'flows.ini': way('Nobody') })
    await refuses('EINVAL', /no mapping knows step \?Way\?Nobody/)
    write({ ...B, 'actions.ini': '[actionmapping]\n?Way?Two = ./handlers.mjs#three\n' })
    await refuses('ENOENT', /three/)
    write({ ...B, 'handlers.mjs': 'throw new Error("on import")' })
    await refuses('ENOENT', /on import/)
    write(A)
    ini('worker_restarts = 5', 'worker_restarts = 6')
    await refuses('EINVAL', /worker_restarts changed, which needs a restart/)
    ini('worker_restarts = 6', 'worker_restarts = five')
    await refuses('EINVAL', /worker_restarts must be a whole number/)
  })
})

test('the second worker cannot start: messages go on as before, with the mapping of before', async () => {
  await withWay(2, async ({ manager, write, reports }) => {
    const failsOnce = `
import { appendFileSync, readFileSync } from 'node:fs'
const count = new URL('./imports', import.meta.url)
appendFileSync(count, '.')
if (readFileSync(count).length === 2) throw new Error('the second import')
`
    write({
      'handlers.mjs': failsOnce + handlers('B'),
      'actions.ini': A['actions.ini'].replace('#one', '#two'),
    })
    const before = manager.supervisor.workers.sort()
    const reloaded = refusal(manager.reload())
    const ends = await Promise.all(Array.from({ length: 20 }, () => stepsOf(manager)))
    const { code, message } = await reloaded
    assert.is(code, 'ENOENT')
    assert.match(message, /the second import/)
    for (let n = 0; n < 20; n++) ends.push(await stepsOf(manager))
    for (const [n, steps] of ends.entries()) {
      const names = (steps as string[]).map((step) => step.split(' ')[0])
      assert.ok(names.length === 2 && names[0] === 'gate', names.join(' '))
      if (n >= 20) assert.is(names[1], 'one')
    }
    await until(() => manager.supervisor.workers.length === 2)
    assert.not.ok(manager.supervisor.workers.some((name) => before.includes(name)))
    assert.not.match(reports.join('\n'), /half way/)
  })
})

test('a worker whose imports never end is ended when its time is over, and the next reload has its turn', async () => {
  const lines = 'remote_workers = yes\nworker_start_timeout = 500'
  const file = writeFixture('ipc', { workers: 0, lines })
  const ini = (from: string, to: string): void =>
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to))
  const manager = ZManager.fromFile(file, { report: () => {} })
  await within(LIMIT_MS, manager.start(), 'the manager starts')
  try {
    writeFileSync(
      join(dirname(file), 'handlers.mjs'),
      'await new Promise(() => setInterval(() => {}, 1000))',
    )
    ini('worker_count = 0', 'worker_count = 1')
    const first = refusal(manager.reload())
    const second = refusal(manager.reload())
    for (const { code, message } of [await first, await second]) {
      assert.is(code, 'ETIMEDOUT')
      assert.match(message, /^worker-1(\.\d)? did not start within 500 ms: see what its modules/)
    }
    assert.is(manager.supervisor.local.size, 0)
    ini('worker_start_timeout = 500', 'worker_start_timeout = 99999999999')
    assert.match(
      (await refusal(manager.reload())).message,
      /must be a whole number from 1 to 2147483647/,
    )
  } finally {
    await within(LIMIT_MS, manager.stop(), 'the manager stops')
  }
})

test('a ZManager that does not run, or was made from no file, is not reloaded', async () => {
  const file = writeFixture('inproc')
  const manager = ZManager.fromFile(file)
  assert.is((await refusal(manager.reload())).code, 'EFSM')
  await manager.stop()
  assert.is((await refusal(manager.reload())).code, 'EFSM')
})

test('stop() in the midst of a reload ends both', async () => {
  await withWay(2, async ({ manager, write }) => {
    write(B)
    const refused = refusal(manager.reload())
    await until(() => manager.supervisor.workers.length > 0)
    await within(LIMIT_MS, manager.stop(), 'stop')
    assert.type((await refused).code, 'string')
  })
})

test.run()

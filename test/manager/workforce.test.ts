// Replacing all workers while they work, ending one, and what zmanager.ini says about where they run.
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig, ZManager, ZmqError } from '../../src/index.ts'
import { until, within } from '../support/index.ts'
import { writeFixture } from './fixture.ts'
import { absent, notesIn, withNoting, writeNoting } from './noting.ts'

const LIMIT_MS = 60_000
const PROCESS = 'worker_type = process'

for (const [type, scheme] of [
  ['thread', 'inproc'],
  ['process', 'ipc'],
] as const) {
  test(`${type}: all workers are renewed while they work, and nothing is lost`, async () => {
    const settings = { workers: 2, prefetch: 5, lines: `worker_type = ${type}` }
    await withNoting(scheme, settings, async (manager, reports) => {
      const file = absent()
      let isOver = false
      const pushing = (async () => {
        let n = 0
        for (; !isOver; n++) await manager.push('Once', { file, n })
        return n
      })()
      pushing.catch(() => {}) // the test failed before it ended
      await until(() => notesIn(file).length > 10, 'they are at work')
      await within(LIMIT_MS, manager.supervisor.renew(), 'they are renewed')
      const names = (): string => manager.supervisor.workers.join(' ')
      await until(() => names() === 'worker-1.1 worker-2.2', 'the old ones left')
      isOver = true
      const count = await pushing
      await within(LIMIT_MS, manager.drain(), 'all end')
      const { accepted, done } = manager.totals()
      assert.equal([accepted, done], [count, count])
      assert.equal(reports, [])
    })
  })
}

test('workers that cannot be renewed stay, and go on', async () => {
  const file = writeNoting('inproc', { workers: 2 })
  const manager = ZManager.fromFile(file, { report: () => {} })
  await within(LIMIT_MS, manager.start(), 'it starts')
  rmSync(join(dirname(file), 'handlers.mjs'))
  const error = await manager.supervisor.renew().catch((reason) => reason)
  assert.is(error.code, 'ENOENT')
  assert.equal(manager.supervisor.workers, ['worker-1', 'worker-2'])
  assert.is((await within(LIMIT_MS, manager.request('Once', { n: 1 }), 'an answer'))['n'], 1)
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('a worker that is not there cannot be killed', async () => {
  await withNoting('inproc', { workers: 1 }, async (manager) => {
    const error = await manager.supervisor.kill('worker-7').catch((reason) => reason)
    assert.instance(error, ZmqError)
    assert.is(error.code, 'ENOENT')
    assert.match(error.message, /there is worker-1/)
  })
})

test('what workers cannot reach is refused when the file is read', () => {
  const refused = (lines: string, scheme: 'inproc' | 'ipc' = 'inproc') => {
    const file = writeFixture(scheme, { lines })
    return () => loadConfig(file)
  }
  assert.throws(
    refused(PROCESS),
    /subject_push_address must not be inproc:.* worker_type = process/,
  )
  assert.throws(refused('remote_workers = yes'), /subject_push_address .* remote_workers = yes/)
  assert.throws(
    refused('worker_type = fibre'),
    /worker_type must be thread or process, not 'fibre'/,
  )
  assert.throws(refused('remote_workers = maybe', 'ipc'), /must be yes or no, not 'maybe'/)
  const { workerType, remoteWorkers } = refused('remote_workers = yes', 'ipc')()
  assert.equal([workerType, remoteWorkers], ['thread', true])
  assert.is(refused('')().remoteWorkers, false)
})

test.run()

// The life of workers that others start: they wait, come again, are given up, and are refused.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { until, within } from '../support/index.ts'
import { absent, writeNoting } from './noting.ts'
import { ALONE, codeOf, LIMIT_MS, startManager, work, workHere, writePlaced } from './remote-rig.ts'

test('it waits for a ZManager, comes again to the next one, and after a reload with the new flows', async () => {
  const file = await writePlaced(ALONE)
  const here = workHere('here', file)
  const first = await startManager(file)
  assert.is(await codeOf(first.manager.request('Once', {})), 'done')
  await within(LIMIT_MS, first.manager.stop(), 'it stops')
  const { manager, reports } = await startManager(file)
  assert.is(await codeOf(manager.request('Once', {})), 'done')
  const flows = join(dirname(file), 'flows.ini')
  writeFileSync(flows, readFileSync(flows, 'utf8').replace('attempts = 2', 'attempts = 3'))
  const name = manager.supervisor.workers[0]
  assert.equal((await within(LIMIT_MS, manager.reload(), 'it reloads')).flows, ['Safe'])
  assert.is(await codeOf(manager.request('Safe', {})), 'done')
  assert.is.not(manager.supervisor.workers[0], name)
  assert.not.match(reports.join('\n'), /refused/)
  here.worker.stop()
  await here.end()
  assert.equal(here.states.slice(-2), ['connected', 'ended'])
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('one that hangs is given up, what it had is settled, and it comes again', async () => {
  const file = await writePlaced({ ...ALONE, prefetch: 5 })
  const { manager, reports } = await startManager(file)
  const here = workHere('here', file)
  const asked = [{ loop: absent() }, {}, {}].map((values) =>
    codeOf(manager.request('Leased', values)),
  )
  const codes = await within(LIMIT_MS, Promise.all(asked), 'ends')
  assert.equal(codes, ['ETIMEDOUT', 'EWORKERLOST', 'EWORKERLOST'])
  assert.match(reports.join('\n'), /here\.\d+ hangs/)
  assert.equal(manager.supervisor.workers, [])
  await until(() => manager.supervisor.workers.length === 1, 'its host is ended, and begins anew')
  assert.is(await codeOf(manager.request('Once', {})), 'done')
  here.worker.stop()
  await here.end()
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('kill gives a remote worker up; it comes again', async () => {
  const file = await writePlaced(ALONE)
  const { manager } = await startManager(file)
  const here = workHere('here', file)
  await until(() => manager.supervisor.workers.length === 1, 'it joined')
  const [name = ''] = manager.supervisor.workers
  await manager.supervisor.kill(name)
  await until(() => ![name, undefined].includes(manager.supervisor.workers[0]), 'it comes again')
  assert.is(await codeOf(manager.request('Once', {})), 'done')
  here.worker.stop()
  await here.end()
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('a ZManager that takes no remote workers refuses them, and says so once', async () => {
  const file = await writePlaced({ workers: 1 })
  const { manager, reports } = await startManager(file)
  for (let n = 0; n < 2; n++) {
    const { code, err } = await work(file, '--name', 'field').ended()
    assert.is(code, 1)
    assert.match(err, /refuses this worker: this ZManager takes no remote workers.*EREFUSED/)
  }
  assert.is(reports.filter((text) => /field is refused/.test(text)).length, 1)
  assert.equal(manager.supervisor.workers, ['worker-1'])
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('a worker with other versions of the flows is refused', async () => {
  const file = await writePlaced(ALONE)
  const { manager, reports } = await startManager(file)
  const flows = join(dirname(file), 'flows.ini')
  writeFileSync(flows, readFileSync(flows, 'utf8').replace('attempts = 2', 'attempts = 3'))
  const here = workHere('here', file)
  const error = await here.end().catch((reason) => reason)
  assert.equal([error.code, /other versions of the flows/.test(error.message)], ['EREFUSED', true])
  assert.match(reports.join('\n'), /here is refused: it has other versions of the flows than/)
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('what is wrong on the side of the worker ends it: addresses, handlers, names', async () => {
  const inproc = await work(writeNoting('inproc'), '--name', 'field').ended()
  assert.equal([inproc.code, /must not be inproc:/.test(inproc.err)], [2, true])
  const file = await writePlaced(ALONE)
  assert.throws(() => workHere('worker-1', file), /cannot be named 'worker-1'/)
  assert.throws(() => workHere('a b', file), /cannot be named/)
  const actions = join(dirname(file), 'actions.ini')
  writeFileSync(actions, readFileSync(actions, 'utf8').replace('handlers.note', 'handlers.nothing'))
  const missing = await workHere('here', file)
    .end()
    .catch((reason) => reason)
  assert.is(missing.code, 'ENOENT')
})

test.run()

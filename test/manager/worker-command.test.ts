// zmanager worker as a command: what it says while it waits, when it is refused, and what ends it.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { until, within } from '../support/index.ts'
import { absent } from './noting.ts'
import { ALONE, codeOf, LIMIT_MS, namesOf, startManager, work, writePlaced } from './remote-rig.ts'

test('it says once what it waits for, and where, while there is no ZManager', async () => {
  const file = await writePlaced(ALONE)
  const field = work(file, '--name', 'field', '--count', '3')
  await until(() => /subject_push_address/.test(field.err()), 'it says so')
  const [address = ''] = /(?<=^subject_push_address = ).*/m.exec(readFileSync(file, 'utf8')) ?? []
  assert.ok(field.err().includes(address))
  assert.match(field.err(), /zmanager run .*--serve/)
  const { manager } = await startManager(file)
  await until(() => manager.supervisor.workers.length === 3, 'all joined')
  assert.is(field.err().match(/subject_push_address/g)?.length, 1)
  field.child.kill('SIGTERM')
  assert.is((await field.ended()).code, 143)
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('one that is refused never says that it is connected, and warns of what its file lacks', async () => {
  const file = await writePlaced({ workers: 1 })
  const { manager } = await startManager(file)
  const field = work(file, '--name', 'field', '--count', '2')
  const { code, err } = await field.ended()
  assert.is(code, 1)
  assert.not.match(field.out(), /: connected/)
  assert.match(err, /has no remote_workers = yes/)
  assert.is(err.match(/has no remote_workers = yes/g)?.length, 1)
  assert.match(err, /refuses this worker.*EREFUSED/)
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('SIGHUP ends it as SIGTERM does: what it has is finished', async () => {
  const lines = 'remote_workers = yes\nworker_type = process'
  const file = await writePlaced({ ...ALONE, prefetch: 100, lines })
  const { manager } = await startManager(file)
  const field = work(file, '--name', 'field')
  await until(() => namesOf(manager) === 'field', 'it joined')
  const asked = Array.from({ length: 50 }, (_, n) => codeOf(manager.request('Once', { n })))
  await asked[0]
  field.child.kill('SIGHUP')
  assert.is((await field.ended()).code, 129)
  assert.is(manager.totals().failed, 0)
  const stopped = Promise.all(asked)
  await within(LIMIT_MS, manager.stop(), 'it stops')
  for (const code of await stopped) assert.ok(['done', 'ESTOPPED'].includes(code), code)
})

test('it ends when the channel of whoever forked it closes', async () => {
  const file = await writePlaced(ALONE)
  const { manager } = await startManager(file)
  const field = work(file, '--name', 'field')
  await until(() => namesOf(manager) === 'field', 'it joined')
  const exited = new Promise((resolve) => field.child.once('exit', resolve)) // no 'close' comes then
  field.child.disconnect()
  assert.is(await within(LIMIT_MS, exited, 'it ends'), 143)
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

test('kill -9 leaves nothing behind, not even a process that hangs', async () => {
  const lines = 'remote_workers = yes\nworker_type = process'
  const file = await writePlaced({ ...ALONE, lines })
  const { manager } = await startManager(file)
  const field = work(file, '--name', 'field')
  const note = absent()
  void codeOf(manager.request('Once', { file: note, loop: absent() }))
  await until(() => readFileSync(note, { encoding: 'utf8', flag: 'a+' }) !== '', 'it is at work')
  const pid = Number(readFileSync(note, 'utf8').split(' ')[1])
  field.child.kill('SIGKILL')
  try {
    await until(() => !isAlive(pid), 'its process is gone')
  } finally {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  }
  await within(LIMIT_MS, manager.stop(), 'it stops')
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test.run()

// Workers in processes of their own: as in threads, and kill -9 costs no more than what it should.
import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, type Subscription } from '../../src/index.ts'
import { FlowError } from '../../src/manager/requests.ts'
import { counterAt, progressOf } from '../../src/manager/worker/progress.ts'
import { until, within } from '../support/index.ts'
import { absent, notesIn, withNoting } from './noting.ts'

const LIMIT_MS = 60_000
const PROCESS = 'worker_type = process'
const COUNT = 200

/** Ids and codes of the ends that come by, until there are `count`. */
async function endsFrom(results: Subscription, count: number): Promise<Map<string, string>> {
  const ends = new Map<string, string>()
  while (ends.size < count) {
    const { header } = await within(LIMIT_MS, results.receive(), `end ${ends.size}`)
    if (!header.outcome) continue
    assert.not.ok(ends.has(header.id), 'an end is told once')
    ends.set(header.id, header.error?.code ?? 'done')
  }
  return ends
}

test('a count in a file is read while the worker counts, and after it is gone', () => {
  const progress = progressOf('process')
  const begin = counterAt(progress.place)
  assert.is(progress.begun(), 0)
  assert.is(statSync(progress.place as string).size, 8, 'a disk that is full later has room for it')
  for (let n = 1; n <= 300; n++) {
    begin()
    assert.is(progress.begun(), n)
  }
  progress.opened()
  if (process.platform !== 'win32')
    assert.is(existsSync(dirname(progress.place as string)), false, 'kill -9 leaves no file behind')
  begin()
  progress.close()
  progress.close()
  assert.is(progress.begun(), 301)
  assert.is(existsSync(dirname(progress.place as string)), false)
})

test('handlers in TypeScript run in processes; one that is missing is the reason of start', async () => {
  await withNoting('ipc', { workers: 2, lines: PROCESS }, async (manager) => {
    const asked = Array.from({ length: 20 }, () => manager.request('Once', {}))
    const pids = new Set(
      (await within(LIMIT_MS, Promise.all(asked), 'answers')).map((v) => v['pid']),
    )
    assert.is(pids.size, 2)
    assert.not.ok(pids.has(process.pid))
    const failed = manager.request('Work', { fail: 'EODD' }).catch((error) => error)
    const error = await within(LIMIT_MS, failed, 'a failure')
    assert.instance(error, FlowError)
    assert.equal([error.code, error.step], ['EODD', 'Subject?Work?First'])
  })
})

test('kill -9, at-least-once: everything is done', async () => {
  const settings = { workers: 2, prefetch: 50, lines: PROCESS }
  await withNoting('tcp', settings, async (manager) => {
    const file = absent()
    const results = await manager.subscribe(ActionKey.of({ flow: 'Safe' })).ready()
    const ends = endsFrom(results, COUNT)
    for (let n = 0; n < COUNT; n++) await manager.push('Safe', { file, n })
    await until(() => notesIn(file).length > 20, 'they are at work')
    process.kill(notesIn(file).at(-1)?.pid as number, 'SIGKILL')
    assert.equal([...new Set((await ends).values())], ['done'])
    await results.close()
    const { accepted, done, inFlight } = manager.totals()
    assert.equal([accepted, done, inFlight], [COUNT, COUNT, 0])
  })
})

test('kill -9, at-most-once: every loss is told, and nothing runs twice', async () => {
  const settings = { workers: 2, prefetch: 50, lines: PROCESS }
  await withNoting('tcp', settings, async (manager, reports) => {
    const file = absent()
    const results = await manager.subscribe(ActionKey.of({ flow: 'Once' })).ready()
    const ends = endsFrom(results, COUNT)
    const ids: string[] = []
    for (let n = 0; n < COUNT; n++) {
      const die = n === 30 ? { die: absent() } : {} // one kills its process itself
      ids.push(await manager.push('Once', { file, n, ...die }))
    }
    await until(() => notesIn(file).length > 60, 'they are at work')
    process.kill(notesIn(file).at(-1)?.pid as number, 'SIGKILL')
    const all = await ends
    assert.equal([...all.keys()].sort(), ids.sort())
    const ran = notesIn(file).map(({ id }) => id)
    assert.is(new Set(ran).size, ran.length, 'nothing ran twice')
    const done = ids.filter((id) => all.get(id) === 'done')
    for (const id of done) assert.ok(ran.includes(id), 'what is done ran')
    const codes = new Set(all.values())
    codes.delete('done')
    assert.equal([...codes], ['EWORKERLOST'])
    assert.match(reports.join('\n'), /ended with SIGKILL/)
    assert.match(reports.join('\n'), /takes its place in 100 ms/)
    await results.close()
  })
})

test('a message that kills its processes becomes a dead letter; what was with it is done', async () => {
  const settings = { workers: 2, prefetch: 3, lines: PROCESS }
  await withNoting('ipc', settings, async (manager) => {
    const id = await manager.push('Safe', { die: absent() })
    for (let n = 0; n < 50; n++) await manager.push('Safe', { n })
    await within(LIMIT_MS, manager.drain(), 'all end')
    const { accepted, done, dead } = manager.totals()
    assert.equal([accepted, done, dead], [51, 50, 1])
    assert.is(manager.deadLetters()[0]?.header.id, id)
  })
})

test('a process that hangs is killed, and another takes its place', async () => {
  await withNoting('ipc', { workers: 1, lines: PROCESS }, async (manager, reports) => {
    const asked = manager.request('Leased', { loop: absent() }).catch((error) => error)
    const error = await within(LIMIT_MS, asked, 'its end')
    assert.equal([error.code, /hung over/.test(error.message)], ['ETIMEDOUT', true])
    const next = await within(LIMIT_MS, manager.request('Leased', {}), 'the next')
    assert.is(next['worker'], 'worker-1.1')
    assert.match(reports.join('\n'), /worker-1 hangs and is ended/)
  })
})

test('a process that dies again and again is not replaced for ever, and pauses grow', async () => {
  const settings = { workers: 1, restarts: 2, lines: PROCESS }
  await withNoting('ipc', settings, async (manager, reports) => {
    const die = absent()
    const asked = [1, 2, 3].map(() => manager.request('Once', { die }).catch(({ code }) => code))
    assert.equal(
      await within(LIMIT_MS, Promise.all(asked), 'their ends'),
      Array(3).fill('EWORKERLOST'),
    )
    const late = manager.request('Once', {}).catch(({ code }) => code)
    assert.is(await within(LIMIT_MS, late, 'nobody is there'), 'ENOWORKERS')
    const told = reports.join('\n')
    assert.match(told, /worker-1 ended; worker-1\.1 takes its place in 100 ms/)
    assert.match(told, /worker-1\.1 ended; worker-1\.2 takes its place in 200 ms/)
    assert.match(told, /worker-1\.2 ended and is not replaced/)
  })
})

test.run()

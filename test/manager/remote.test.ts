// Workers that others start: they join, work, are lost, and leave.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey } from '../../src/index.ts'
import { until, within } from '../support/index.ts'
import { absent, notesIn } from './noting.ts'
import { ALONE, codeOf, LIMIT_MS, namesOf, startManager, work, writePlaced } from './remote-rig.ts'

test('zmanager worker joins, is counted under its name, and finishes what it has when it is told to end', async () => {
  const file = await writePlaced({ ...ALONE, prefetch: 100 })
  const { manager, reports } = await startManager(file)
  const field = work(file, '--name', 'field', '--count', '2', '--json')
  await until(() => namesOf(manager).length > 10, 'both joined')
  assert.equal(namesOf(manager).split(' ').sort(), ['field-1', 'field-2'])
  const connected = '{"worker":"field-1","state":"connected"}'
  await until(() => field.out().includes(connected), 'it says so')
  const asked = Array.from({ length: 100 }, (_, n) => manager.request('Once', { n }))
  await within(LIMIT_MS, asked[0] as Promise<unknown>, 'the first answer')
  field.child.kill('SIGTERM')
  const values = await within(LIMIT_MS, Promise.all(asked.slice(0, 50)), 'answers')
  assert.is(new Set(values.map(({ pid }) => pid)).size, 1)
  assert.is((await field.ended()).code, 143)
  const { workers, done } = manager.totals()
  assert.equal(Object.keys(workers).sort(), ['field-1', 'field-2'])
  assert.ok(done >= 50)
  assert.is(manager.totals().failed, 0, 'nothing was lost')
  assert.match(reports.join('\n'), /field-1\.\d+ joined/)
  assert.match(reports.join('\n'), /field-1\.\d+ left/)
  const stopped = Promise.all(asked.map(codeOf))
  await within(LIMIT_MS, manager.stop(), 'it stops')
  for (const code of await stopped) assert.ok(['done', 'ESTOPPED'].includes(code), code)
})

test('kill -9, at-least-once: others do everything; at-most-once: losses are told, nothing runs twice', async () => {
  const file = await writePlaced({ ...ALONE, prefetch: 30 })
  const { manager, reports } = await startManager(file)
  const results = await manager.subscribe(ActionKey.of({})).ready()
  const note = absent()
  const [a, b] = [work(file, '--name', 'a'), work(file, '--name', 'b')]
  await until(() => namesOf(manager).length === 3, 'both joined')
  const once = new Set<string>()
  for (let n = 0; n < 200; n++) {
    const flow = n % 2 ? 'Safe' : 'Once'
    const id = await manager.push(flow, { file: note, n })
    if (flow === 'Once') once.add(id)
    if (n === 100) a.child.kill('SIGKILL')
  }
  await within(LIMIT_MS, manager.drain(), 'all end')
  const ends = new Map<string, string>()
  while (ends.size < 200) {
    const { header } = await within(LIMIT_MS, results.receive(), 'an end')
    if (header.outcome) ends.set(header.id, header.error?.code ?? 'done')
  }
  const { Safe, Once } = manager.totals().flows
  assert.equal([Safe?.done, Safe?.inFlight], [100, 0])
  assert.is((Once?.done ?? 0) + (Once?.failed ?? 0), 100)
  const ran = notesIn(note).map(({ id }) => id)
  const twice = ran.filter((id, i) => once.has(id) && ran.indexOf(id) !== i)
  assert.equal(twice, [], 'at-most-once ran twice')
  for (const [id, code] of ends)
    assert.ok(code === 'done' || (code === 'EWORKERLOST' && once.has(id)), code)
  assert.match(reports.join('\n'), /a\.\d+ is gone/)
  await results.close()
  await within(LIMIT_MS, manager.stop(), 'it stops')
  b.child.kill('SIGKILL')
})

test('a message that kills its workers becomes a dead letter, and nobody else is buried', async () => {
  const file = await writePlaced({
    ...ALONE,
    prefetch: 5,
    lines: 'remote_workers = yes\nworker_type = process',
  })
  const { manager } = await startManager(file)
  const field = work(file, '--name', 'field')
  const id = await manager.push('Safe', { die: absent() })
  for (let n = 0; n < 20; n++) await manager.push('Safe', { n })
  await within(LIMIT_MS, manager.drain(), 'all end')
  const { accepted, done, dead } = manager.totals()
  assert.equal([accepted, done, dead], [21, 20, 1])
  assert.is(manager.deadLetters()[0]?.header.id, id)
  await within(LIMIT_MS, manager.stop(), 'it stops')
  field.child.kill('SIGINT')
  assert.is((await field.ended()).code, 130)
})

test.run()

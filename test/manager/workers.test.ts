// Workers that die, hang, come and go: what becomes of their messages, and who is told.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, decodeEnvelope, decodeValue, type ZmqError } from '../../src/index.ts'
import { FlowError } from '../../src/manager/requests.ts'
import { type Scheme, within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'
import { withManager } from './fixture.ts'

const LIMIT_MS = 30_000

function flow(name: string, ...options: string[]): string {
  return `[${name}]\n${options.join('\n')}\n?Test?Push\nSubject?Test?Tame\n??done\n`
}

const FLOWS = [
  flow('Safe', 'delivery = at-least-once', 'attempts = 2', 'lease = 500'),
  flow('Once', 'lease = 500'),
  flow('Late', 'timeout = 200'),
  flow('Ordered', 'order_by = client', 'delivery = at-least-once'),
].join('\n')

const folder = temporary()
let files = 0
/** A file that is not there yet: handlers go on when it is. */
const cure = (): string => join(folder, `cure-${files++}`)

const reasonOf = (refused: Promise<unknown>): Promise<ZmqError> =>
  within(
    LIMIT_MS,
    refused.then(
      () => assert.unreachable(),
      (error) => error,
    ),
    'a rejection',
  )

for (const how of ['exit', 'loop']) {
  test(`a message that ends its workers (${how}) becomes a dead letter, others are done, and a replay works`, async () => {
    const settings = { workers: 2, prefetch: 3, flows: FLOWS }
    await withManager('inproc', settings, async (manager) => {
      const file = cure()
      const id = await manager.push('Safe', { [how]: file })
      for (let n = 0; n < 50; n++) await manager.push('Safe', { n })
      await within(LIMIT_MS, manager.drain(), 'all messages end')
      const { accepted, done, dead, failed, deadLetters } = manager.totals()
      assert.equal([accepted, done, dead, failed, deadLetters], [51, 50, 1, 0, 1])
      const [letter] = manager.deadLetters()
      assert.is(letter?.header.id, id)
      assert.is(letter?.times, 2)
      assert.is(letter?.error.code, how === 'exit' ? 'EWORKERLOST' : 'ETIMEDOUT')
      assert.is((await reasonOf(manager.replay('nobody'))).code, 'ENOENT')
      writeFileSync(file, '')
      const results = await manager.subscribe(ActionKey.of({ flow: 'Safe' })).ready()
      assert.is(await manager.replay(), 1)
      const { header } = await within(LIMIT_MS, results.receive(), 'its end')
      assert.equal([header.id, header.outcome, header.attempt], [id, 'done', 1])
      assert.equal(manager.deadLetters(), [])
      await results.close()
    })
  })
}

for (const scheme of ['ipc', 'tcp'] as Scheme[]) {
  test(`${scheme}: at-least-once, a worker killed in mid-run: everything is done`, async () => {
    const settings = { workers: 2, prefetch: 5, flows: FLOWS }
    await withManager(scheme, settings, async (manager) => {
      for (let n = 0; n < 300; n++) {
        if (n === 100) await manager.supervisor.kill('worker-1')
        await manager.push('Safe', { n })
      }
      await within(LIMIT_MS, manager.drain(), 'all messages end')
      const { accepted, done, inFlight } = manager.totals()
      assert.equal([accepted, done, inFlight], [300, 300, 0])
    })
  })
}

test('at-most-once: a worker that hangs is replaced, and its caller is told ETIMEDOUT', async () => {
  await withManager('inproc', { workers: 1, flows: FLOWS }, async (manager, reports) => {
    const asked = manager.request('Once', { loop: cure() })
    const next = manager.request('Once', { n: 1 })
    const error = (await reasonOf(asked)) as FlowError
    assert.instance(error, FlowError)
    assert.is(error.code, 'ETIMEDOUT')
    assert.match(error.message, /worker-1 hung over this message/)
    assert.is(error.step, 'Subject?Test?Tame')
    assert.equal(await within(LIMIT_MS, next, 'the other'), { n: 1, worker: 'worker-1.1' })
    assert.match(reports.join('\n'), /worker-1 hangs and is ended/)
  })
})

test('a message over its time expires while it runs, and one that waits does too', async () => {
  await withManager('inproc', { workers: 1, prefetch: 0, flows: FLOWS }, async (manager) => {
    const asked = [manager.request('Late', { ms: 600 }), manager.request('Late', { ms: 1 })]
    for (const each of asked) assert.is((await reasonOf(each)).code, 'ETIMEDOUT')
    const { accepted, expired, inFlight } = manager.totals()
    assert.equal([accepted, expired, inFlight], [2, 2, 0])
    await within(LIMIT_MS, manager.request('Once', {}), 'the worker is free again')
    assert.is(manager.totals().duplicates, 1)
    assert.equal(manager.supervisor.workers, ['worker-1'])
  })
})

test('a request gets the values of its own end; other ends are published, this one is not', async () => {
  await withManager('inproc', { workers: 2, flows: FLOWS }, async (manager) => {
    const results = await manager.subscribe(ActionKey.of({ flow: 'Work' })).ready()
    const values = await within(LIMIT_MS, manager.request('Work', { n: 1 }), 'the answer')
    assert.equal(values, { n: 1, first: true, second: '!' })
    const id = await manager.push('Work', { n: 2 })
    assert.is((await within(LIMIT_MS, results.receive(), 'an end')).header.id, id)
    const failed = (await reasonOf(manager.request('Work', { fail: 'EODD' }))) as FlowError
    assert.equal([failed.code, failed.step], ['EODD', 'Subject?Work?First'])
    assert.match(failed.message, /as asked/)
    assert.is((await reasonOf(manager.request('Nope', {}))).code, 'ENOENT')
    const late = manager.request('Work', { hang: true }, { timeout: 50 })
    assert.is((await reasonOf(late)).code, 'ETIMEDOUT')
    const pending = reasonOf(manager.request('Work', { hang: true }))
    void manager.stop()
    assert.is((await pending).code, 'ESTOPPED')
    await results.close()
  })
})

test('messages with the same value go to one worker, in order, through a worker’s death', async () => {
  const settings = { workers: 3, prefetch: 2, restarts: 50, flows: FLOWS }
  await withManager('inproc', settings, async (manager) => {
    const results = await manager.subscribe(ActionKey.of({ flow: 'Ordered' })).ready()
    const clients = ['a', 'b', 'c', 'd', 'e']
    for (let n = 0; n < 300; n++) {
      await manager.push('Ordered', { client: clients[n % 5], n, ms: n % 7 === 0 ? 2 : 0 })
      if (n === 150) await manager.supervisor.kill('worker-2')
    }
    const order = new Map<string, number>()
    for (let n = 0; n < 300; n++) {
      const { message } = await within(LIMIT_MS, results.receive(), `end ${n}`)
      const { values } = open(message)
      assert.ok(values.n > (order.get(values.client) ?? -1), `${values.client} ${values.n}`)
      order.set(values.client, values.n)
    }
    assert.is(manager.totals().done, 300)
    await results.close()
  })
})

test('a worker that dies after good work is replaced without end; one that never did any is not', async () => {
  await withManager('inproc', { workers: 1, restarts: 1, flows: FLOWS }, async (manager) => {
    for (let n = 0; n < 3; n++) {
      await within(LIMIT_MS, manager.request('Once', {}), 'an answer')
      await manager.supervisor.kill(manager.supervisor.workers[0] as string)
    }
    await within(LIMIT_MS, manager.request('Once', {}), 'an answer')
    for (let n = 0; n < 3; n++) await manager.push('Once', { exit: cure() })
    await within(LIMIT_MS, manager.drain(), 'all messages end')
    assert.equal(manager.totals().failures, { EWORKERLOST: 2, ENOWORKERS: 1 })
    assert.is((await reasonOf(manager.request('Once', {}))).code, 'ENOWORKERS')
    await within(LIMIT_MS, manager.resize(1), 'a new worker')
    await within(LIMIT_MS, manager.request('Once', {}), 'an answer')
  })
})

test('resize: new workers start, surplus ones finish what they have and end', async () => {
  await withManager('inproc', { workers: 1, prefetch: 3, flows: FLOWS }, async (manager) => {
    await within(LIMIT_MS, manager.resize(3), 'two more')
    assert.equal(manager.supervisor.workers.sort(), ['worker-1', 'worker-2', 'worker-3'])
    for (let n = 0; n < 60; n++) await manager.push('Once', { n, ms: 10 })
    const { workers } = manager.totals()
    assert.equal(Object.keys(workers).sort(), ['worker-1', 'worker-2', 'worker-3'])
    await within(LIMIT_MS, manager.resize(1), 'two less')
    assert.equal(manager.supervisor.workers, ['worker-1'])
    await within(LIMIT_MS, manager.drain(), 'all messages end')
    const { accepted, done, failed, queue } = manager.totals()
    assert.equal([accepted, done, failed, queue], [60, 60, 0, 0])
    await within(LIMIT_MS, Promise.all([manager.resize(2), manager.resize(1)]), 'both')
    assert.is((await reasonOf(manager.resize(0))).code, 'EINVAL')
    assert.is((await reasonOf(manager.resize(1.5))).code, 'EINVAL')
    assert.is((await reasonOf(manager.resize(1e9))).code, 'EINVAL') // a slip of the hand
    await within(LIMIT_MS, manager.push('Once', {}), 'a message goes in')
    await within(LIMIT_MS, manager.drain(), 'it ends')
  })
})

function open(message: Parameters<typeof decodeEnvelope>[0]) {
  const { header, body } = decodeEnvelope(message)
  const values = decodeValue(body) as { client: string; n: number; worker: string }
  return { header, values }
}

test.run()

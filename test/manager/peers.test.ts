// What peers may send: none of it ends the process, and every message is owned by someone.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, Dealer, encodeValue, type Header, type Message, Push } from '../../src/index.ts'
import { encodeEnvelope } from '../../src/topic/envelope.ts'
import { type Scheme, within } from '../support/index.ts'
import { withManager } from './fixture.ts'

const LIMIT_MS = 5000

const HEADER: Header = {
  id: 'peer',
  flow: 'Work',
  version: '',
  step: 0,
  format: 'msgpack',
  at: 0,
  attempt: 1,
  key: '?Work?Push',
}

const from = (header: Partial<Header>, values = {}): Message =>
  encodeEnvelope('t', { ...HEADER, ...header }, encodeValue(values))

for (const flow of ['a~b', 'a\nb']) {
  test(`a flow named ${JSON.stringify(flow)} is malformed and the Subject goes on`, async () => {
    let told = (_text: string): void => {}
    const report = new Promise<string>((resolve) => {
      told = resolve
    })
    await withManager('inproc', { workers: 1, told }, async (manager) => {
      const producer = new Push({ linger: 0 })
      producer.connect(manager.pullAddress)
      await producer.send(from({ flow }))
      assert.match(await within(LIMIT_MS, report, 'a report'), /malformed: .*"flow" must be/)
      await manager.push('Work', { n: 1 })
      await within(LIMIT_MS, manager.drain(), 'the next message ends')
      const { accepted, done, failed } = manager.totals()
      assert.equal({ accepted, done, failed }, { accepted: 2, done: 1, failed: 1 })
      await producer.close()
    })
  })
}

test('flows that nobody knows fail, and are counted together', async () => {
  await withManager('inproc', { workers: 1 }, async (manager) => {
    const ends = await manager.subscribe(ActionKey.of({ action: 'failed' })).ready()
    const producer = new Push({ linger: 0 })
    producer.connect(manager.pullAddress)
    for (const id of ['1', '2', '3']) await producer.send(from({ id, flow: `made-up-${id}` }))
    for (let n = 0; n < 3; n++) await within(LIMIT_MS, ends.receive(), 'a failure')
    const { flows } = manager.totals()
    assert.equal(flows, {
      '(unknown)': { accepted: 3, done: 0, failed: 3, expired: 0, dead: 0, inFlight: 0 },
    })
    await Promise.all([ends.close(), producer.close()])
  })
})

test('a result that is sent in again starts afresh: what its handler publishes is no end', async () => {
  await withManager('inproc', { workers: 1 }, async (manager) => {
    const results = await manager.subscribe(ActionKey.of({ flow: 'Work' })).ready()
    const next = () => within(LIMIT_MS, results.receive(), 'a result')
    await manager.push('Work', {})
    const { header } = await next()
    assert.is(header.outcome, 'done')
    const producer = new Push({ linger: 0 })
    producer.connect(manager.pullAddress)
    await producer.send(from({ ...header, id: 'again', step: 0 }, { tell: true }))
    const told = await next()
    assert.is(told.topic, 'Work~PUBLISH~Test~Told~told~')
    assert.is(told.header.outcome, undefined)
    const end = await next()
    assert.is(end.header.outcome, 'done')
    assert.is(end.values['second'], '!')
    await Promise.all([results.close(), producer.close()])
  })
})

test('a body that cannot be read, in a flow that orders by a value, fails and the Subject goes on', async () => {
  const flows = '[Ordered]\norder_by = client\n?Test?Push\nSubject?Test?Tame\n??done\n'
  await withManager('inproc', { workers: 1, flows }, async (manager) => {
    const results = await manager.subscribe(ActionKey.of({ flow: 'Ordered' })).ready()
    await manager.push('Ordered', { client: 'a' })
    const { header } = await within(LIMIT_MS, results.receive(), 'an end')
    const producer = new Push({ linger: 0 })
    producer.connect(manager.pullAddress)
    const { outcome, worker, ...again } = { ...header, id: 'bad', step: 0 }
    await producer.send(encodeEnvelope('t', again, Uint8Array.of(0xc1)))
    const failed = await within(LIMIT_MS, results.receive(), 'the failure')
    assert.is(failed.header.error?.code, 'EINVAL')
    await manager.push('Ordered', { client: 'a' })
    await within(LIMIT_MS, manager.drain(), 'the next ends')
    assert.is(manager.totals().done, 2)
    await Promise.all([results.close(), producer.close()])
  })
})

for (const scheme of ['inproc', 'ipc', 'tcp'] as Scheme[]) {
  test(`${scheme}: who only says to be a worker gets no work, and harms none that is`, async () => {
    await withManager(scheme, { workers: 1 }, async (manager) => {
      const subject = manager.pushAddress
      const strangers = ['worker-1', 'worker-2'].map(
        (name) => new Dealer({ routingId: name, metadata: { 'X-Worker': name }, linger: 0 }),
      )
      for (const stranger of strangers) {
        stranger.connect(subject)
        await within(LIMIT_MS, stranger.ready(), 'a stranger is connected')
        await stranger.send('give me work')
      }
      for (let n = 0; n < 20; n++) await manager.push('Work', { n })
      await strangers[0]?.close()
      for (let n = 0; n < 20; n++) await manager.push('Work', { n })
      await within(LIMIT_MS, manager.drain(), 'all messages end')
      assert.is(manager.totals().done, 40)
      assert.is(strangers[1]?.tryReceive(), undefined)
      assert.equal(manager.supervisor.workers, ['worker-1'])
      await strangers[1]?.close()
    })
  })
}

test.run()

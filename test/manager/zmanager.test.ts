// A ZManager at work: every accepted message ends once, whatever happens to workers and handlers.
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, Push, ZManager, ZmqError } from '../../src/index.ts'
import { type Scheme, within } from '../support/index.ts'
import { withManager, writeFixture } from './fixture.ts'

const LIMIT_MS = 20_000
const NONE = { expired: 0, dead: 0, inFlight: 0 }
const WORK = ActionKey.of({ flow: 'Work' })

for (const scheme of ['inproc', 'ipc', 'tcp'] as Scheme[]) {
  test(`${scheme}: a message runs through its steps and ends under its done topic`, async () => {
    await withManager(scheme, {}, async (manager) => {
      const results = await manager.subscribe(WORK).ready()
      const id = await manager.push('Work', { n: 7 })
      const { topic, header, values } = await within(LIMIT_MS, results.receive(), 'a result')
      assert.is(topic, 'Work~~~~done~')
      assert.is(header.id, id)
      assert.is(header.outcome, 'done')
      assert.equal(values, { n: 7, first: true, second: '!' })
      await results.close()
    })
  })

  test(`${scheme}: 500 messages, some of which throw: accepted = done + failed`, async () => {
    await withManager(scheme, { workers: 3 }, async (manager) => {
      for (let n = 0; n < 500; n++)
        await manager.push('Work', n % 10 === 0 ? { fail: 'EODD' } : { n })
      await within(LIMIT_MS, manager.drain(), 'all messages end')
      const { accepted, done, failed, failures, workers, flows } = manager.totals()
      assert.equal({ accepted, done, failed }, { accepted: 500, done: 450, failed: 50 })
      assert.equal(failures, { EODD: 50 })
      assert.equal(flows, { Work: { ...NONE, accepted: 500, done: 450, failed: 50 } })
      const byWorker = Object.values(workers).reduce(
        (sum, worker) => sum + worker.done + worker.failed,
        0,
      )
      assert.is(byWorker, 500)
    })
  })

  test(`${scheme}: a worker killed in mid-run fails what it had, the others go on`, async () => {
    const settings = { workers: 3, restarts: 0, prefetch: 5 }
    await withManager(scheme, settings, async (manager, reports) => {
      for (let n = 0; n < 200; n++) {
        if (n === 100) await manager.supervisor.kill('worker-1')
        await manager.push('Work', { n })
      }
      await within(LIMIT_MS, manager.drain(), 'all messages end')
      const { accepted, done, failed, failures } = manager.totals()
      assert.is(accepted, 200)
      assert.is(done + failed, 200)
      assert.is(failures['EWORKERLOST'] ?? 0, failed)
      assert.ok(failed <= 18, `${failed} lost: no more than were out at once`)
      assert.match(reports.join('\n'), /worker-1 ended and is not replaced/)
    })
  })
}

test('a message that hangs its worker fails when the worker is killed, and only that one', async () => {
  await withManager('inproc', { workers: 2, restarts: 0, prefetch: 0 }, async (manager) => {
    await manager.push('Work', { hang: true })
    const results = await manager.subscribe(ActionKey.of({ flow: 'Work' })).ready()
    await manager.push('Work', { n: 1 })
    const other = (await within(LIMIT_MS, results.receive(), 'the other message ends')).header
      .worker
    for (const name of manager.supervisor.workers)
      if (name !== other) await manager.supervisor.kill(name)
    await within(LIMIT_MS, manager.drain(), 'all messages end')
    assert.equal(manager.totals().failures, { EWORKERLOST: 1 })
    assert.is(manager.totals().done, 1)
    const { header } = await within(LIMIT_MS, results.receive(), 'the failure is published')
    assert.is(header.outcome, 'failed')
    assert.is(header.error?.code, 'EWORKERLOST')
    assert.is(header.error?.retryable, true)
    await results.close()
  })
})

test('a handler that ends its thread costs its own messages; the worker is replaced', async () => {
  await withManager('inproc', { workers: 1, prefetch: 0 }, async (manager, reports) => {
    await manager.push('Work', { exit: true })
    await manager.push('Work', { n: 1 })
    await within(LIMIT_MS, manager.drain(), 'all messages end')
    assert.equal(manager.totals().failures, { EWORKERLOST: 1 })
    assert.is(manager.totals().done, 1)
    assert.equal(manager.supervisor.workers, ['worker-1.1'])
    assert.match(reports.join('\n'), /worker-1 ended; worker-1\.1 takes its place/)
  })
})

test('without any worker left, messages fail instead of waiting for ever', async () => {
  await withManager('inproc', { workers: 1, restarts: 0, prefetch: 0 }, async (manager) => {
    for (let n = 0; n < 20; n++) await manager.push('Work', n === 0 ? { exit: true } : { n })
    await within(LIMIT_MS, manager.drain(), 'all messages end')
    assert.equal(manager.totals().failures, { EWORKERLOST: 1, ENOWORKERS: 19 })
  })
})

test('what a handler publishes beside the flow has its own topic', async () => {
  await withManager('inproc', {}, async (manager) => {
    const told = await manager
      .subscribe(ActionKey.parse('Test?Told@PUBLISH?told').with({ flow: 'Work' }))
      .ready()
    await manager.push('Work', { tell: true })
    const { topic, values, header } = await within(LIMIT_MS, told.receive(), 'it is told')
    assert.is(topic, 'Work~PUBLISH~Test~Told~told~')
    assert.match(String(values['by']), /^worker-/)
    assert.is(header.outcome, undefined)
    await told.close()
    await within(LIMIT_MS, manager.drain(), 'the message itself ends too')
    assert.is(manager.totals().done, 1)
  })
})

test('a PUBLISH step hands the message to subscribers, and a flow without steps ends at once', async () => {
  await withManager('inproc', {}, async (manager) => {
    const news = await manager.subscribe(ActionKey.of({ flow: 'Announce' })).ready()
    await manager.push('Announce', { headline: 'hello' })
    const { topic, values } = await within(LIMIT_MS, news.receive(), 'the news')
    assert.is(topic, 'Announce~PUBLISH~Subject~Announce~news~')
    assert.equal(values, { headline: 'hello' })
    await manager.push('Empty', {})
    await within(LIMIT_MS, manager.drain(), 'all messages end')
    assert.equal(manager.totals().flows['Empty'], { ...NONE, accepted: 1, done: 1, failed: 0 })
    await news.close()
  })
})

test('garbage on the way in is counted as failed and told; the Subject goes on', async () => {
  await withManager('tcp', {}, async (manager, reports) => {
    const stranger = new Push()
    stranger.connect(manager.pullAddress)
    await stranger.send(['no', 'envelope'])
    await stranger.close()
    await manager.push('Work', { n: 1 })
    await within(LIMIT_MS, manager.drain(), 'the good message ends')
    while (manager.totals().accepted < 2) await new Promise((resolve) => setImmediate(resolve))
    const { accepted, done, failed, failures } = manager.totals()
    assert.equal(
      { accepted, done, failed, failures },
      { accepted: 2, done: 1, failed: 1, failures: { EINVAL: 1 } },
    )
    assert.match(reports.join('\n'), /malformed/)
  })
})

test('a mapping that names what is not there: start says which, and leaves nothing open', async () => {
  const ini = writeFixture('ipc')
  const actions = join(dirname(ini), 'actions.ini')
  writeFileSync(actions, '[actionmapping]\n?Work?First = ./handlers.mjs#nothing\n')
  const manager = ZManager.fromFile(ini)
  const starting: Promise<unknown> = manager.start().then(
    () => 'started',
    (reason) => reason,
  )
  const error = await within(LIMIT_MS, starting, 'an answer')
  assert.instance(error, ZmqError)
  const { code, message } = error as ZmqError
  assert.is(code, 'ENOENT')
  assert.match(
    message,
    /actions\.ini: '\.\/handlers\.mjs#nothing' is no function \(the module exports first, steps, tame\)/,
  )
  writeFileSync(
    actions,
    '[actionmapping]\n?Work?First = ./handlers.mjs#first\n?Work?Second = ./handlers.mjs#first\n',
  )
  const mended = ZManager.fromFile(ini)
  await within(LIMIT_MS, mended.start(), 'the same addresses are free')
  await mended.stop()
})

test('pushing into a flow that does not exist rejects and names those that do', async () => {
  await withManager('inproc', {}, async (manager) => {
    await manager.push('Nope', {}).then(
      () => assert.unreachable(),
      (error) => {
        assert.is(error.code, 'ENOENT')
        assert.match(error.message, /Work, Announce, Empty/)
      },
    )
    assert.is(manager.totals().accepted, 0)
  })
})

test('start() tells of each line of the files that has no effect', async () => {
  const flows = '[Slip]\ndelivry = at-least-once\n?Slip?Push\n??done\n'
  await withManager('inproc', { workers: 1, flows }, async (manager, reports) => {
    assert.is(reports.length, manager.warnings.length)
    assert.match(reports.join(), /^warning: .*flows\.ini:\d+: .*delivry/)
  })
})

test.run()

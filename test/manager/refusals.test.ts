// What is refused says so to whoever sent it, leaves no trace, and never hangs: bad requests, a full
// ZManager, one that stops.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, Push, topicOf, ZManager, type ZmqError } from '../../src/index.ts'
import { bodyOf } from '../../src/manager/codecs.ts'
import { envelope, newHeader } from '../../src/manager/messages.ts'
import { FINISH, finishMessage } from '../../src/manager/worker/worker.ts'
import { endpoint, within } from '../support/index.ts'
import { withManager, writeFixture } from './fixture.ts'

const LIMIT_MS = 10_000

const codeOf = (settling: Promise<unknown>): Promise<string> =>
  within(
    LIMIT_MS,
    settling.then(
      () => 'none',
      (error: ZmqError) => error.code,
    ),
    'it settles',
  )

test('a request with a bad time limit or an aborted signal is not sent', async () => {
  await withManager('inproc', { workers: 1 }, async (manager) => {
    for (const timeout of [-1, Number.NaN, 2 ** 31])
      assert.is(await codeOf(manager.request('Work', {}, { timeout })), 'EINVAL')
    const why = new Error('enough')
    const refused = manager.request('Work', {}, { signal: AbortSignal.abort(why) })
    assert.is(await refused.catch((reason) => reason), why)
    await manager.request('Work', { n: 1 })
    assert.is(manager.totals().accepted, 1)
  })
})

test('when_full = refuse with a journal: a push that is refused rejects with EAGAIN, and does not wait for ever', async () => {
  const flows = '\n[Tame]\n?Test?Push\nSubject?Test?Tame\n??done\n'
  const lines = 'journal = a.journal\nwhen_full = refuse'
  await withManager('inproc', { workers: 1, prefetch: 0, flows, lines }, async (manager) => {
    const codes: string[] = []
    for (let n = 0; n < 105; n++)
      codes.push(await codeOf(manager.push('Tame', { ms: n === 0 ? 1000 : 0 })))
    await within(LIMIT_MS, manager.drain(), 'all ends')
    const { accepted, done, failures } = manager.totals()
    const refused = codes.filter((code) => code === 'EAGAIN').length
    assert.ok(refused > 0)
    assert.is(codes.filter((code) => code === 'none').length, done)
    assert.equal([accepted, failures], [105, { EAGAIN: refused }])
  })
})

test('after stop() and while it stops everything rejects with a code that says so', async () => {
  for (const lines of ['', 'journal = a.journal']) {
    const manager = ZManager.fromFile(writeFixture('inproc', { lines }), { report: () => {} })
    await within(LIMIT_MS, manager.start(), 'it starts')
    const stopped = manager.stop()
    const calls = () => [manager.push('Work', {}), manager.request('Work', {})]
    const codes = await Promise.all(calls().map(codeOf))
    await within(LIMIT_MS, stopped, 'it stops')
    codes.push(...(await Promise.all(calls().map(codeOf))))
    assert.equal(codes, Array(4).fill('ESTOPPED'), lines)
    assert.equal(await Promise.all([manager.resize(2), manager.reload()].map(codeOf)), [
      'EFSM',
      'EFSM',
    ])
    const { accepted, inFlight } = manager.totals()
    assert.equal([accepted, inFlight], [0, 0])
  }
})

test('a push that waits for room when the ZManager stops rejects with ESTOPPED, or its message is counted', async () => {
  await withManager('inproc', { workers: 1, prefetch: 0, finishMs: 50 }, async (manager) => {
    const pushes = Array.from({ length: 3000 }, () => codeOf(manager.push('Work', { hang: true })))
    await Promise.race(pushes)
    await within(LIMIT_MS, manager.stop(), 'stop')
    const codes = await Promise.all(pushes)
    const taken = codes.filter((code) => code === 'none').length
    assert.ok(taken < codes.length)
    assert.is(codes.filter((code) => code === 'ESTOPPED').length, codes.length - taken)
    const { accepted, failed, inFlight } = manager.totals()
    assert.equal([accepted, failed, inFlight], [taken, taken, 0])
  })
})

test('a ZManager that was never started, or whose start failed, refuses all when it is stopped', async () => {
  const manager = ZManager.fromFile(writeFixture('inproc'), { report: () => {} })
  const waiting = [manager.push('Work', {}), manager.request('Work', {})].map(codeOf)
  await within(LIMIT_MS, manager.stop(), 'it stops')
  assert.equal(await Promise.all(waiting), ['ESTOPPED', 'ESTOPPED'])
  assert.is(await codeOf(manager.start()), 'EFSM')
})

test('stop() at any moment of start() ends both, and nothing runs afterwards', async () => {
  for (const turns of [0, 1, 3, 10, 30, 100]) {
    const manager = ZManager.fromFile(writeFixture('ipc'), { report: () => {} })
    const starting = codeOf(manager.start())
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
    await within(LIMIT_MS, manager.stop(), 'it stops')
    const code = await starting
    assert.ok(['none', 'ESTOPPED'].includes(code), `after ${turns} turns: ${code}`)
    assert.equal([manager.state, manager.supervisor.workers], ['stopped', []])
    assert.is(await codeOf(manager.push('Work', {})), 'ESTOPPED')
  }
})

test('a stranger cannot tell workers to finish', async () => {
  const door = endpoint('inproc')
  const lines = `integration_manager_pull_address = ${door}`
  await withManager('inproc', { workers: 1, lines }, async (manager, reports) => {
    const heard = await manager.subscribe('??news').ready()
    const stranger = new Push()
    stranger.connect(door)
    for (const topic of [topicOf(FINISH), `${topicOf(FINISH)}more`]) {
      const [, ...rest] = finishMessage('worker-1')
      await stranger.send([topic, ...rest])
    }
    const news = ActionKey.of({ flow: 'F', action: 'news' })
    await stranger.send(envelope(news, newHeader('n', 'F', '', news), bodyOf('msgpack', {})))
    await within(LIMIT_MS, heard.receive(), 'what came after it has passed')
    await manager.request('Work', {})
    assert.equal(manager.supervisor.workers, ['worker-1'])
    assert.is(reports.filter((text) => /only the ZManager/.test(text)).length, 2)
    await stranger.close()
  })
})

test.run()

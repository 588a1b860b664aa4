// Whole flows through a running ZManager: steps that wait for components here and elsewhere, parallel
// groups, catch steps, over each transport.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ActionKey,
  answerTo,
  decodeEnvelope,
  type FlowError,
  Push,
  Subscriber,
  topicOf,
  ZmqError,
} from '../../src/index.ts'
import { within } from '../support/index.ts'
import { withManager } from './fixture.ts'

const LIMIT_MS = 10_000

const FLOWS = `
[Ask]
?Ask?Push
Subject?Work?First
Subject?Ask@PUBLISH?question
?Ask@ASYNC?answer
First?Work?Second
??done

[Group]
?Group?Push
& ?Work?First
& ?Test?Tame
& ?Group@PUBLISH?question
??done

[Careful]
catch = ?Test?Tame
?Careful?Push
?Work?First
?Careful?news
??done
`

const keyOf = (text: string, flow: string) => ActionKey.parse(text).with({ flow })

for (const scheme of ['inproc', 'ipc', 'tcp'] as const) {
  test(`${scheme}: a component elsewhere answers with values or an error, by the token`, async () => {
    await withManager(scheme, { flows: FLOWS }, async (manager) => {
      const component = new Subscriber()
      component.subscribe(topicOf(keyOf('Subject?Ask@PUBLISH?question', 'Ask')))
      component.connect(manager.pubAddress)
      await within(LIMIT_MS, component.ready(), 'the component hears')
      const replies = new Push()
      replies.connect(manager.pullAddress)
      const asked = manager.request('Ask', { n: 1 }, { timeout: LIMIT_MS })
      const question = decodeEnvelope(await component.receive())
      assert.is(manager.waits.list()[0]?.id, question.header.id)
      await replies.send(answerTo(question, { got: 'it' }))
      assert.equal(await asked, { n: 1, first: true, got: 'it', second: '!' })
      const refused = manager.request('Ask', {}, { timeout: LIMIT_MS }).catch((error) => error)
      const another = decodeEnvelope(await component.receive())
      await replies.send(answerTo(another, new ZmqError('ENOENT', 'there is none')))
      const { code, step } = (await refused) as FlowError
      assert.equal([code, step], ['ENOENT', 'Subject?Ask@PUBLISH?question'])
      await replies.close()
      await component.close()
      assert.is(manager.totals().waiting, 0)
    })
  })
}

test('an answer that is an error fails the message; one for nothing is counted', async () => {
  await withManager('inproc', { flows: FLOWS }, async (manager) => {
    const asked = manager.request('Ask', {}).catch((error: FlowError) => error)
    const wait = await untilWaiting(manager)
    const error = { code: 'EBUSY', step: wait.step, message: 'not now', retryable: true }
    assert.ok(manager.waits.fail(wait.token, error))
    const { code, step, retryable } = (await asked) as FlowError
    assert.equal([code, step, retryable], ['EBUSY', '?Ask@ASYNC?answer', true])
    assert.not(manager.waits.complete(wait.token, {}))
    assert.is(manager.totals().unmatchedAnswers, 1)
  })
})

test('serve(): a component of this process answers published steps, and branches of a group', async () => {
  await withManager('inproc', { flows: FLOWS }, async (manager) => {
    const away = manager.serve('??question', ({ n }) => ({ twice: Number(n) * 2 }))
    const { twice, second } = await manager.request('Ask', { n: 2 }, { timeout: LIMIT_MS })
    assert.equal([twice, second], [4, '!'])
    const joined = await manager.request('Group', { n: 3 }, { timeout: LIMIT_MS })
    assert.equal([joined['first'], joined['twice']], [true, 6])
    assert.match(String(joined['worker']), /^worker-[12]$/)
    away()
    assert.is((await manager.request('Group', {}, { timeout: LIMIT_MS }))['twice'], undefined)
  })
})

test('the catch step runs in a worker, once, and the caller gets the first error', async () => {
  await withManager('inproc', { flows: FLOWS }, async (manager) => {
    const failed = await manager
      .request('Careful', { fail: 'EFIRST' }, { timeout: LIMIT_MS })
      .catch((error: FlowError) => error)
    assert.is((failed as FlowError).code, 'EFIRST')
    const lost = await manager
      .request('Careful', { exit: true }, { timeout: LIMIT_MS })
      .catch((error: FlowError) => error)
    assert.is((lost as FlowError).code, 'EWORKERLOST')
    const { failed: count, inFlight, accepted } = manager.totals()
    assert.equal([count, inFlight, accepted], [2, 0, 2])
  })
})

test("decorators of one's own count in the Subject and in the workers", async () => {
  const flows = `${FLOWS}\n[Own]\n?Work?First\n?Work@NOTIFY?First\n??done\n`
  await withManager('inproc', { flows, lines: 'decorators = NOTIFY publish' }, async (manager) => {
    const heard = await manager.subscribe('?Work@NOTIFY?First').ready()
    await manager.push('Own', {})
    const { header, values } = await heard.receive()
    assert.equal([header.outcome, values['first']], ['done', true])
    await heard.close()
  })
})

test('more failures than there is room for are caught, and groups hold their senders back', async () => {
  await withManager('inproc', { flows: FLOWS }, async (manager) => {
    const pushed = Array.from({ length: 400 }, () => manager.push('Careful', { fail: 'EASKED' }))
    await within(LIMIT_MS, Promise.all(pushed), 'all are taken')
    await within(LIMIT_MS, manager.drain(), 'all end')
    assert.is(manager.totals().failed, 400)
    const groups = Array.from({ length: 2000 }, () => manager.push('Group', { ms: 1 }))
    await groups[0]
    await new Promise(setImmediate)
    assert.ok(manager.totals().queue <= 300, `${manager.totals().queue} wait for workers`)
    void Promise.allSettled(groups)
  })
})

test('when_full = refuse: what there is no room for fails with EAGAIN, and all is counted', async () => {
  await withManager('inproc', { workers: 1, lines: 'when_full = refuse' }, async (manager) => {
    await Promise.all(Array.from({ length: 1000 }, () => manager.push('Work', {})))
    await within(LIMIT_MS, manager.drain(), 'all end')
    const { accepted, done, failed, failures } = manager.totals()
    assert.equal([accepted, failed, failures], [1000, 1000 - done, { EAGAIN: failed }])
    assert.ok(failed > 0 && done >= 100, `${done} done, ${failed} refused`)
  })
})

test('what waits when the ZManager is stopped fails with ESTOPPED', async () => {
  await withManager('inproc', { flows: FLOWS }, async (manager) => {
    const asked = manager.request('Ask', {}).catch((error: FlowError) => error)
    await untilWaiting(manager)
    await within(LIMIT_MS, manager.stop(), 'stop')
    assert.is(((await asked) as FlowError).code, 'ESTOPPED')
    const { failures, inFlight } = manager.totals()
    assert.equal([failures, inFlight], [{ ESTOPPED: 1 }, 0])
  })
})

async function untilWaiting(manager: {
  readonly waits: { list(): { token: string; step: string }[] }
}) {
  const limit = AbortSignal.timeout(LIMIT_MS)
  for (;;) {
    const [wait] = manager.waits.list()
    if (wait) return wait
    limit.throwIfAborted()
    await new Promise(setImmediate)
  }
}

test.run()

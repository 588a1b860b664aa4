// The faults of the system that ZManager replaces, one by one: each has a test that it cannot happen
// here. This file: workers, flows and delivery (1 to 13); faults-life.test.ts has 14 to 25.
//
// What services have of them is in faults-services.test.ts. Parts of faults that have no test, for what
// they are about does not exist here:
//
//   9   replay for subscribers that come late    subscription.test.ts has it
//  21   a wrong context in the shipped flows     service-parts.test.ts reads them; shown for a flow of that form
//  22   components taken out or renewed          there are no components to install; reload.test.ts changes flows
//  23   setting a value, the factory's lock,     configuration is read-only, there is no factory and no
//       a method under two names                 such method; shown for the listeners of events
//  24   passwords, filters, origins (CORS)       nobody signs in here, and there is no HTTP
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadActions, loadFlows } from '../../src/flow/load.ts'
import { ActionKey, FlowError, Push } from '../../src/index.ts'
import { until, within } from '../support/index.ts'
import {
  absent,
  ask,
  flowKey,
  handmade,
  LIMIT_MS,
  LONG,
  next,
  reasonOf,
  sharedRig,
  stranger,
  withFaults,
} from './faults-fixture.ts'

const [withShared, stopShared] = sharedRig()
test.after(stopShared)

test('1: what a handler throws, returns or forgets ends its own message only', async () => {
  await withShared(async ({ manager }) => {
    const bad = ['error', 'nothing', 'bare', 'odd', 'unsendable', 'error']
    const failures = bad.map((how) => reasonOf(manager.request('Bad', { how })))
    const answers = bad.map(() => ask(manager, 'One'))
    const codes = (await Promise.all(failures)).map(({ code }) => code)
    assert.equal(codes, ['EODD', 'EHANDLER', 'EHANDLER', 'EHANDLER', 'EINVAL', 'EODD'])
    assert.is((await Promise.all(answers)).length, bad.length)
  })
})

test('1: a rejection that nobody catches costs a worker, and another takes its place', async () => {
  await withFaults({}, async ({ manager }) => {
    await manager.push('Bad', { how: 'later' })
    assert.is((await ask(manager, 'One'))['worker'], 'worker-1.1')
  })
})

test('1: a message without a flow, mapped or not, ends and harms nobody', async () => {
  await withShared(async ({ manager }) => {
    const ends = await manager.subscribe(flowKey('')).ready()
    const keys = ['?F?count', '?F?nobodyMaps', '?F?throws']
    const messages = keys.map((key) => handmade({ id: key, flow: '', key }, { how: 'error' }))
    await stranger(manager.pullAddress, ...messages)
    const seen = new Map<string, string | undefined>()
    while (seen.size < keys.length) {
      const { header } = await next(ends)
      seen.set(header.id, header.outcome)
    }
    assert.is(seen.get('?F?count'), 'done')
    assert.is(seen.get('?F?throws'), 'failed')
    assert.is((await ask(manager, 'One'))['count'], 1)
    await ends.close()
  })
})

test('2: steps that follow each other in one worker all run, a repeated one as often as written', async () => {
  await withShared(async ({ manager }) => {
    assert.is((await ask(manager, 'Thrice'))['count'], 3)
    const { keys } = await ask(manager, 'Double')
    assert.equal(keys, ['Subject?F?key', '?Double?key', 'Last?Double?key'])
  })
})

test('2: a message goes on where it says that it is; nobody searches for its key', async () => {
  await withShared(async ({ manager }) => {
    const ends = await manager.subscribe(flowKey('Thrice')).ready()
    const key = 'Subject?F?count'
    await stranger(manager.pullAddress, handmade({ flow: 'Thrice', step: 3, key }))
    assert.is((await next(ends)).values['count'], 1)
    await ends.close()
  })
})

test('3: keys are the same for the hundredth message, whatever handlers do to theirs', async () => {
  await withShared(async ({ manager }) => {
    const ends = await manager.subscribe(flowKey('Double')).ready()
    for (let n = 0; n < 100; n++) await manager.push('Double', {})
    for (let n = 0; n < 100; n++) {
      const { topic, values } = await next(ends)
      assert.is(topic, 'Double~~~~done~')
      assert.equal(values['keys'], ['Subject?F?key', '?Double?key', 'Last?Double?key'])
    }
    await ends.close()
  })
})

test('3: keys of flows and mappings cannot be written to', () => {
  const [flow] = loadFlows('[F]\n?F?Push\n?Double?two\n??done\n', 'f.ini').flows
  const step = flow?.steps[1] as { -readonly [Name in keyof ActionKey]: ActionKey[Name] }
  const { map } = loadActions('[actionmapping]\n?Double?two = x\n', 'a.ini')
  const entry = map.resolve(step as ActionKey) as { key: ActionKey }
  assert.throws(() => {
    step.context = ''
  }, /read only/)
  assert.throws(() => {
    entry.key = ActionKey.of({})
  }, /read only/)
  assert.throws(() => (flow?.steps as ActionKey[] | undefined)?.pop(), /delete|extensible/)
  assert.is(step.with({ sender: 'S' }).toString(), 'S?Double?two')
  assert.equal([`${step}`, `${entry.key}`], ['?Double?two', '?Double?two'])
})

test('4: a flow without done ends all the same', async () => {
  await withShared(async ({ manager }) => {
    const ends = await manager.subscribe(flowKey('Endless')).ready()
    await manager.push('Endless', {})
    assert.is((await next(ends)).topic, 'Endless~~~~done~')
    assert.is((await ask(manager, 'Endless'))['count'], 1)
    assert.match(manager.warnings.map(({ message }) => message).join('\n'), /Endless does not end/)
    await ends.close()
  })
})

test('4: an unknown flow, version or step fails that message, says why, and the next one runs', async () => {
  await withShared(async ({ manager }) => {
    assert.is((await reasonOf(manager.request('Nope', {}))).code, 'ENOENT')
    const ends = await manager.subscribe(flowKey('')).ready()
    const wrong = [{ flow: 'Nope' }, { version: 'old' }, { step: 99 }]
    for (const [n, header] of wrong.entries()) {
      await stranger(manager.pullAddress, handmade({ id: `${n}`, ...header }))
      const { topic, header: end } = await next(ends, 'a failure')
      assert.match(topic, /~~~~failed~$/)
      assert.is(end.id, `${n}`)
      assert.is(end.error?.code, n < 2 ? 'ENOENT' : 'EINVAL')
      assert.ok((end.error?.message ?? '').length > 20)
    }
    assert.is((await ask(manager, 'One'))['count'], 1)
    await ends.close()
  })
})

test('5: one of two workers is killed with 100 messages about: each asker gets an answer or a reason', async () => {
  await withFaults({ workers: 2, prefetch: 10 }, async ({ manager, told }) => {
    const asked = Array.from({ length: 100 }, () => manager.request('One', {}))
    const settled = Promise.allSettled(asked)
    await until(() => manager.totals().accepted >= 50, 'half of them are in')
    await manager.supervisor.kill('worker-1')
    const results = await within(LIMIT_MS, settled, 'all are told')
    const failed = results.filter((result) => result.status === 'rejected')
    for (const { reason } of failed) {
      assert.instance(reason, FlowError)
      assert.is(reason.code, 'EWORKERLOST')
    }
    assert.ok(failed.length <= 11, `${failed.length} failed: no more than it had`)
    const { accepted, done, inFlight } = manager.totals()
    assert.equal([accepted, done, inFlight], [100, 100 - failed.length, 0])
    await told(/worker-1 ended; worker-1\.1 takes its place/)
  })
})

test('5: where the flow says so, what a killed worker had is done by another', async () => {
  await withFaults({ workers: 2, prefetch: 10 }, async ({ manager }) => {
    const asked = Array.from({ length: 100 }, (_, n) => ask(manager, 'Safe', { n }))
    const answers = Promise.all(asked)
    await until(() => manager.totals().accepted >= 50, 'half of them are in')
    await manager.supervisor.kill('worker-1')
    const numbers = (await answers).map(({ n }) => n)
    assert.equal(numbers, [...Array(100).keys()])
  })
})

test('6: while no worker has room, only so many messages are taken, and stop() ends the rest', async () => {
  await withFaults({ prefetch: 0, finishMs: 50 }, async ({ manager }) => {
    await manager.push('Busy', { until: absent() })
    let taken = 0
    const pushed = Array.from({ length: 20_000 }, () => manager.push('One', {}).then(() => taken++))
    const settled = Promise.allSettled(pushed)
    await until(() => manager.totals().queue >= 100, 'the Subject is full')
    await within(LIMIT_MS, manager.stop(), 'stop')
    const results = await within(LIMIT_MS, settled, 'every push is told')
    assert.ok(taken < 5000, `${taken} of 20000 were taken`)
    assert.is(results.filter(({ status }) => status === 'rejected').length, 20_000 - taken)
    const { accepted, failed, inFlight } = manager.totals()
    assert.equal([accepted, failed, inFlight], [taken + 1, taken + 1, 0])
  })
})

test('6: with no worker left and none to come, messages are refused at once', async () => {
  await withFaults({ restarts: 0 }, async ({ manager, told }) => {
    await manager.supervisor.kill('worker-1')
    await told(/worker-1 ended and is not replaced/)
    for (let n = 0; n < 3; n++)
      assert.is((await reasonOf(manager.request('One', {}))).code, 'ENOWORKERS')
    await within(LIMIT_MS, manager.stop(), 'stop')
  })
})

test('7: the sender of a step is in its topic, from the Subject and from a worker', async () => {
  await withShared(async ({ manager }) => {
    const news = await manager
      .subscribe(ActionKey.parse('Subject?News@PUBLISH?news').with({ flow: 'News' }))
      .ready()
    const key = ActionKey.parse('Counter?Handed@PUBLISH?counted').with({ flow: 'Handed' })
    const handed = await manager.subscribe(key).ready()
    await manager.push('News', {})
    assert.is((await next(news)).topic, 'News~PUBLISH~Subject~News~news~')
    await manager.push('Handed', {})
    const { topic, header, values } = await next(handed)
    assert.is(topic, 'Handed~PUBLISH~Counter~Handed~counted~')
    assert.equal([header.key, values['count']], ['Counter?Handed@PUBLISH?counted', 1])
    await Promise.all([news.close(), handed.close()])
  })
})

test('8: a flow of more than a hundred steps runs to its end', async () => {
  assert.ok(LONG > 100)
  await withShared(async ({ manager }) => {
    assert.is((await ask(manager, 'Long'))['count'], LONG)
  })
})

test('9: a message that kills its workers is tried again, then kept, and can be sent again', async () => {
  await withFaults({}, async ({ manager }) => {
    const exit = absent()
    const error = await reasonOf(manager.request('Safe', { exit }))
    assert.equal([error.code, error.step], ['EWORKERLOST', 'Subject?F?exit'])
    const [letter] = manager.deadLetters()
    assert.equal([letter?.times, letter?.error.code], [2, 'EWORKERLOST'])
    writeFileSync(exit, '')
    const ends = await manager.subscribe(flowKey('Safe')).ready()
    assert.is(await manager.replay(letter?.header.id), 1)
    const { header } = await next(ends)
    assert.equal([header.id, header.outcome], [letter?.header.id, 'done'])
    await ends.close()
  })
})

test('9: a message has its time; a second one of the same id does not run while the first does', async () => {
  await withFaults({}, async ({ manager }) => {
    const [begun, go] = [absent(), absent()]
    assert.is((await reasonOf(manager.request('Late', { until: go }))).code, 'ETIMEDOUT')
    assert.is(manager.totals().expired, 1)
    writeFileSync(go, '')
    const ends = await manager.subscribe(flowKey('Busy')).ready()
    const again = absent()
    await manager.push('Busy', { begun, until: again })
    await until(() => existsSync(begun), 'it runs')
    const { accepted } = manager.totals()
    const twice = handmade({ id: 'twice', flow: 'Busy', key: '?Busy?Push' })
    await stranger(manager.pullAddress, twice, twice)
    const last = await manager.push('Busy', {})
    await until(() => manager.totals().accepted >= accepted + 2, 'all are in')
    writeFileSync(again, '')
    const ids = [await next(ends), await next(ends), await next(ends)].map(
      ({ header }) => header.id,
    )
    assert.equal(ids.slice(1).sort(), ['twice', last].sort())
    await within(LIMIT_MS, manager.drain(), 'nothing is left')
    assert.is(manager.totals().accepted, accepted + 2)
    await ends.close()
  })
})

test('9: what is published right after a subscription is not missed', async () => {
  await withFaults({ scheme: 'tcp' }, async ({ manager }) => {
    for (let n = 0; n < 20; n++) {
      const news = await manager.subscribe(flowKey('News')).ready()
      const id = await manager.push('News', {})
      assert.is((await next(news)).header.id, id)
      await news.close()
    }
  })
})

test('10: no answer is too fast for its asker, and asking opens no connections', async () => {
  await withFaults({ scheme: 'ipc' }, async ({ manager }) => {
    await ask(manager, 'News')
    let opened = 0
    const count = (): void => void opened++
    subscribe('net.client.socket', count)
    const asked = Array.from({ length: 200 }, (_, n) => ask(manager, 'News', { n }))
    const answers = await Promise.all(asked)
    assert.equal(
      answers.map(({ n }) => n),
      [...Array(200).keys()],
    )
    assert.is(opened, 0)
    const push = new Push({ linger: 0 })
    push.connect(manager.pullAddress)
    await push.send([new Uint8Array(1)])
    assert.is(opened, 1, 'connections are counted')
    unsubscribe('net.client.socket', count)
    await push.close()
  })
})

test('10: a request has a time limit and a signal', async () => {
  await withFaults({ finishMs: 50 }, async ({ manager }) => {
    const values = { until: absent() }
    const late = reasonOf(manager.request('Busy', values, { timeout: 20 }))
    assert.is((await late).code, 'ETIMEDOUT')
    const abort = new AbortController()
    const why = new Error('enough')
    const ended = reasonOf(manager.request('Busy', values, { signal: abort.signal }))
    abort.abort(why)
    assert.is(await ended, why)
  })
})

test('11: nothing that is sent to the Subject or the Integration Manager ends their reading', async () => {
  await withFaults({ scheme: 'ipc' }, async ({ manager, reports, results }) => {
    const [topic, header] = handmade({})
    const garbage = [
      ['no', 'envelope'],
      [''],
      ['', '', ''],
      ['t', '{"id":', 'x'],
      ['t', '[]', 'x'],
      ['t', 'null', 'x'],
      [Uint8Array.of(0xff), header ?? '', ''],
      [topic ?? '', header ?? '', Uint8Array.of(0xc1)],
      ['t', '{"outcome":"done"}', ''],
    ]
    await stranger(manager.pullAddress, ...garbage)
    await stranger(results, ...garbage)
    await until(() => reports.length >= 2 * garbage.length - 2, 'all were read')
    assert.is((await ask(manager, 'One'))['count'], 1)
    assert.is(manager.state, 'running')
  })
})

test('12, 13: an end is published once; that of a request goes to its asker and nobody else', async () => {
  await withShared(async ({ manager, results }) => {
    const services = [
      await manager.subscribe(flowKey('One')).ready(),
      await manager.subscribe(flowKey('One')).ready(),
    ]
    await ask(manager, 'One')
    const first = await manager.push('One', {})
    for (const service of services) assert.is((await next(service)).header.id, first)
    await stranger(results, handmade({ id: first, key: '??done', outcome: 'done' }))
    await until(() => manager.totals().duplicates === 1, 'the second end is counted')
    const second = await manager.push('One', {})
    await until(() => manager.totals().inFlight === 0, 'it ends')
    const third = await manager.push('One', {})
    for (const service of services) {
      assert.is((await next(service)).header.id, second)
      assert.is((await next(service)).header.id, third, 'and nothing comes between')
      await service.close()
    }
  })
})

test.run()

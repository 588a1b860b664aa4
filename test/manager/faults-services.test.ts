// The faults of the system that ZManager replaces, as services have them: answers, reading, copies, and
// life. Those of workers, flows and keys are in faults.test.ts and faults-life.test.ts.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, type Message, type Values } from '../../src/index.ts'
import { COMPLETED, commandTopics } from '../../src/manager/service/service-commands.ts'
import { within } from '../support/index.ts'
import { DONE, failure, ini, LIMIT_MS, message, withServices } from './service-fixture.ts'

const bytesOf = (text: string): Buffer => Buffer.from(text)
const GARBAGE = [...['{"id":', '[]', 'null'].map(bytesOf), Buffer.from([0xff])]

/** Messages under a topic that cannot be read, or hold nothing. */
function garbage(topic: string): Message[] {
  const [, header, body] = message(DONE)
  const bad = GARBAGE.map((bytes) => [bytesOf(topic), bytes, body] as Message)
  return [...bad, [bytesOf(topic), header, Buffer.from([0xc1])], [bytesOf(topic)]] as Message[]
}

test('4: replies that belong to no command, or cannot be read, do not end the management of services', async () => {
  await withServices('ipc', ini('a'), async ({ services, publish }) => {
    publish(message(COMPLETED, { command: 'get_health', service_id: 'a' }))
    publish(message(COMPLETED, { message: {} }, 'of nobody'))
    for (const bad of garbage(`${COMPLETED.flow}~~~~done~`)) publish(bad)
    assert.is((await services.health('a')).status, 'OPERATIONAL')
    assert.is((await services.stop('a')).status, 'STOPPED')
    assert.is((await services.start('a')).status, 'RUNNING')
  })
})

test('7: a service sees who the sender of a message is, and its own publications keep theirs', async () => {
  await withServices('ipc', ini('a', 'flows = [Work]'), async ({ services, publish, told }) => {
    const sent = ActionKey.of({ flow: 'Work', sender: 'S', decorator: 'PUBLISH', action: 'n' })
    await services.putTopic('a', sent)
    publish(message(sent, { n: 1 }))
    const got = (await told(3))[2]
    assert.is(got?.values['topic'], 'Work~PUBLISH~S~~n~')
    assert.equal([got?.key, got?.message.topic], ['echo?Here?got', '~~echo~Here~got~'])
  })
})

test('11: nothing that is published ends the reading of a service; what it cannot read is counted', async () => {
  await withServices('ipc', ini('a', 'flows = [Work]'), async (world) => {
    const { services, publish, told, reports } = world
    const topics = ['Work~~~~done~', ...commandTopics('a').filter((topic) => !/stop/.test(topic))]
    for (const topic of topics) for (const bad of garbage(topic)) publish(bad)
    publish(message(DONE, { fail: true }))
    publish(message(DONE, { n: 1 }))
    const isLast = ({ key }: { key: string }): boolean => key === 'echo?Here?got'
    let all = await told(1)
    while (!all.some(isLast)) all = await told(all.length + 1)
    assert.is(all.find(isLast)?.values['n'], 1)
    const { status, failed } = await services.health('a')
    assert.is.not(status, 'UNRESPONSIVE')
    assert.ok(failed >= 2, 'an unreadable body, and one that was to fail')
    assert.is(services.status('a').restarts, 0)
    assert.ok(
      reports.every((text) => !/ended/.test(text)),
      reports.join('\n'),
    )
  })
})

test('13: of two copies of a service each gets its own answers, and not those of the other', async () => {
  const [one, two] = [ini('a', 'flows = [Work]'), ini('b', 'flows = [Work]')]
  const both = one.replace('[a]', '[a, b]') + two.slice(two.indexOf('[b]', two.indexOf('[b]') + 1))
  await withServices('ipc', both, async ({ services, publish, told }) => {
    for (const n of [1, 2, 3]) publish(message(DONE, { ask: 'Done', n }))
    const said = (all: { key: string; values: Values }[]): unknown[] =>
      all.filter(({ key }) => key === 'echo?Here?told').map(({ values }) => values['n'])
    let all = await told(1)
    while (said(all).length < 6) all = await told(all.length + 1)
    assert.equal(said(all).sort(), [1, 1, 2, 2, 3, 3])
    for (const id of ['a', 'b']) assert.is((await services.health(id)).handled, 3)
  })
})

test('14, 15: an idle service, which has nothing to read, stops and starts again', async () => {
  await withServices('ipc', ini('a'), async ({ services }) => {
    const stopped = await within(LIMIT_MS, services.stop('a'), 'it stops')
    assert.equal([stopped.status, stopped.lastError], ['STOPPED', undefined])
    const { status, restarts } = await within(LIMIT_MS, services.restart('a'), 'it starts')
    assert.equal([status, restarts], ['RUNNING', 0])
  })
})

test('19: a service that crashed runs again; an id that nobody has is an error that names those there are', async () => {
  await withServices('ipc', ini('a', 'flows = [Work]'), async (world) => {
    const { services, publish, until } = world
    publish(message(DONE, { crash: true }))
    await until(() => services.status('a').restarts === 1, 'it came back')
    await services.start('a')
    assert.is((await services.health('a')).status, 'OPERATIONAL')
    const { code, message: text } = await failure(services.start('b'))
    assert.equal([code, text], ['ENOENT', "No service 'b': there are a"])
  })
})

test.run()

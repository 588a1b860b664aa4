// Services at work: their messages, topics, commands and health.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, type Message, type Values } from '../../src/index.ts'
import { commandMessage } from '../../src/manager/service/service-commands.ts'
import { within } from '../support/index.ts'
import {
  DONE,
  failure,
  ini,
  LIMIT_MS,
  message,
  serviceFolder,
  withServices,
} from './service-fixture.ts'

test('a request is answered by its own end, fails as that does, and does not wait for ever', async () => {
  await withServices('inproc', ini('a', 'flows = [Work]'), async ({ publish, told, pushed }) => {
    for (const ask of ['Done', 'Fails', 'Silent'])
      publish(message(DONE, { ask, n: 5, timeout: ask === 'Silent' ? 50 : 5000 }))
    const all = await told(7)
    const answers = all.filter(({ key }) => key === 'echo?Here?told').map(({ values }) => values)
    assert.equal(answers, [{ n: 5 }, { code: 'ENOPE' }, { code: 'ETIMEDOUT' }])
    assert.equal(
      pushed.map(({ header }) => header.flow),
      ['Done', 'Fails', 'Silent'],
    )
  })
})

test('health counts, tells failures, and says who does not answer', async () => {
  const folder = serviceFolder()
  const go = join(folder, 'go')
  const text = ini('a', 'flows = [Work]', 'answer_timeout = 1500')
  await withServices('inproc', text, async ({ services, publish, told }) => {
    const { status, handled } = await services.health('a')
    assert.equal({ status, handled }, { status: 'OPERATIONAL', handled: 0 })
    for (let n = 0; n < 9; n++) publish(message(DONE, { n }))
    publish(message(DONE, { fail: true }))
    publish(message(DONE, { n: 9 }))
    await told(22) // up, 11 in, 10 out
    const some = await services.health('a')
    assert.is(some.status, 'OPERATIONAL') // 1 of 11 is not above 0.1
    publish(message(DONE, { fail: true }))
    publish(message(DONE, { n: 10 }))
    await told(25)
    const health = await services.health()
    assert.is(health.status, 'DEGRADED')
    assert.equal([health.handled, health.failed, health.queue], [13, 2, 0])
    assert.is(Math.round(health.errorPercentage), 15)
    assert.ok(health.averageMs > 0 && health.averageMs < 1000)
    publish(message(DONE, { block: go }))
    assert.is((await services.health('a')).status, 'UNRESPONSIVE')
    assert.is(services.status('a').status, 'UNKNOWN')
    writeFileSync(go, '')
    await told(27)
    assert.is((await services.health('a')).status, 'DEGRADED')
    assert.is(services.status('a').status, 'RUNNING')
  })
})

test('topics come and go while it runs, by their whole key, and outlive a restart', async () => {
  await withServices('inproc', ini('a', 'flows = [Work, Work2]'), async (world) => {
    const { services, publish, told } = world
    const topics = async () => (await services.topics('a')).map((key) => `${key.flow}:${key}`)
    const news = ActionKey.of({ flow: 'Work', decorator: 'PUBLISH', action: 'news' })
    await services.putTopic('a', news)
    await services.putTopic('a', news)
    await services.deleteTopic('a', DONE.with({ flow: 'Work2' })) // fault 20: not any done
    assert.equal(await topics(), ['Work:??done', 'Work:?@PUBLISH?news'])
    assert.is((await failure(services.deleteTopic('a', DONE.with({ flow: 'X' })))).code, 'ENOENT')
    await services.restart('a')
    assert.equal(await topics(), ['Work:??done', 'Work:?@PUBLISH?news'])
    publish(message(DONE.with({ flow: 'Work2' }), { n: 1 }))
    publish(message(news.with({ sender: 'S' }), { n: 2 }))
    publish(message(news.with({ action: 'news2' }), { n: 3 }))
    publish(message(DONE, { n: 4 }))
    const got = (await told(8)).filter(({ key }) => key === 'echo?Here?got')
    assert.equal(
      got.map(({ values }) => [values['n'], values['topic']]),
      [
        [2, 'Work~PUBLISH~S~~news~'],
        [4, 'Work~~~~done~'],
      ],
    )
  })
})

test('a message with a token is answered: at once, later, or with an error', async () => {
  await withServices('inproc', ini('a', 'flows = [Work]'), async ({ publish, told }) => {
    publish(message(DONE, { n: 1 }, 'one'))
    publish(message(DONE, { later: true }, 'two'))
    publish(message(DONE, { fail: true }, 'three'))
    const all = await told(9)
    const answers = all.filter(({ message: { topic } }) => topic === 'completed_command~~~~done~')
    assert.equal(
      answers.map(({ message: { header }, values }) => [header.token, header.error?.code, values]),
      [
        ['one', undefined, { answered: 1 }],
        ['two', undefined, { late: true }],
        ['three', 'ELUCK', {}],
      ],
    )
  })
})

test('a command is for one service only, and one that makes no sense gets an error', async () => {
  const text = `${ini('a, a_b')}\n[a]\nstatus = RUNNING\nmodule = ./echo.ts#echo\nrun_in = thread
[a_b]\nstatus = RUNNING\nmodule = ./echo.ts#echo\nrun_in = thread`
  await withServices('inproc', text, async ({ services, publish, until, told }) => {
    publish(commandMessage('x', 'a', 'stop_service'))
    await until(() => services.status('a').restarts === 1, 'a was stopped behind our back')
    assert.equal(
      services.list().map(({ restarts }) => restarts),
      [1, 0],
    )
    const before = (await told(3)).length
    const wrong = commandMessage('y', 'a_b', 'add_topic', { topic: { colour: 'red' } })
    const header = JSON.parse(String(wrong[1]))
    const bytes = Buffer.from(JSON.stringify({ ...header, token: 't' }))
    publish([wrong[0], bytes, wrong[2]] as Message)
    const reply = (await told(before + 2))[before + 1]
    assert.is(reply?.message.header.id, 'y')
    assert.is(reply?.message.header.error?.code, 'EINVAL')
  })
})

test('the core answers with what is so, and refuses unknown services', async () => {
  await withServices('inproc', ini('a', 'flows = [Work]'), async ({ served, services, told }) => {
    const [up] = await told(1)
    const ask = async (action: string, values: Values = {}): Promise<unknown> => {
      const respond = served.get(action)
      assert.ok(respond, action)
      const answer = await within(LIMIT_MS, Promise.resolve(respond(values, up!.message)), action)
      return (answer as Values)['message']
    }
    const service_id = 'a'
    assert.equal(await ask('get_service_topics', { service_id }), [
      { flow: 'Work', decorator: '', sender: '', context: '', action: 'done' },
    ])
    const topic = JSON.stringify({ config: 'Other', action: 'done' })
    await ask('put_service_topic', { service_id, topic })
    assert.is((await services.topics('a')).length, 2)
    await ask('delete_service_topic', { service_id, topic })
    assert.is((await services.topics('a')).length, 1)
    const stopped = (await ask('stop_service', { service_id })) as Values
    assert.is(stopped['service_status_actual'], 'STOPPED')
    await ask('start_service', { service_id })
    await ask('restart_service', { service_id })
    const [status] = (await ask('get_service_status')) as Values[]
    assert.is(status?.['service_status_actual'], 'RUNNING')
    const { cpu, memory, disk, timestamp } = (await ask('reload_system_health')) as Values
    for (const share of [cpu, memory, disk])
      assert.ok(Number(share) >= 0 && Number(share) <= 100, String(share))
    assert.ok(Math.abs(Date.now() - Number(timestamp)) < 60_000)
    for (const action of served.keys()) {
      if (action === 'reload_system_health') continue
      const refused = await failure(ask(action, { service_id: 'b', topic }))
      assert.equal([refused.code, refused.message], ['ENOENT', "No service 'b': there are a"])
    }
    assert.is((await failure(ask('start_service'))).code, 'EINVAL')
  })
})

test.run()

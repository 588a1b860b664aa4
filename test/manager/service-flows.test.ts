// Services of a whole ZManager: the flows that manage them, requests between them and workers, and their
// life in that of the ZManager.
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, type FlowError, type Values, ZManager, type ZmqError } from '../../src/index.ts'
import { within } from '../support/index.ts'
import { writeFixture } from './fixture.ts'

const LIMIT_MS = 20_000

const SERVICE = `
let context
export const gate = {
  async start(given) {
    context = given
    await context.subscribe('?Ask@PUBLISH?question')
  },
  async message({ ask, ...values }, { header }) {
    if (header.key === '?Ask@PUBLISH?question') return { answer: values.n + 1 }
    if (!ask) return
    const answer = await context.request(ask, values).catch(({ code }) => ({ code }))
    await context.publish('gate?Said?', { answer, flow: header.flow })
  },
}
`

const FLOWS = `
[Done]
?Done?Push
??done

[Ask]
?Ask?Push
?Ask@PUBLISH?question
?Ask@ASYNC?reply
??done
`

async function withServices(body: (manager: ZManager, reports: string[]) => Promise<void>) {
  const file = writeFixture('tcp', {
    workers: 1,
    flows: FLOWS,
    sections: `[ServiceManagementConfiguration]
services = [gate, idle]
[gate]
status = RUNNING
module = ./gate.ts#gate
run_in = thread
flows = [Done, Typo]
[idle]
module = ./gate.ts#gate
run_in = thread
`,
  })
  writeFileSync(join(dirname(file), 'gate.ts'), SERVICE)
  const reports: string[] = []
  const manager = ZManager.fromFile(file, { report: (text) => void reports.push(text) })
  await within(LIMIT_MS, manager.start(), 'the manager starts')
  try {
    await body(manager, reports)
  } finally {
    await within(LIMIT_MS, manager.stop(), 'the manager stops')
  }
}

test('flows start, stop and describe services, and name those there are', async () => {
  await withServices(async (manager, reports) => {
    assert.equal(reports, ['service gate wants the ends of Typo: there is no such flow'])
    const ask = async (name: string, values: Values = {}): Promise<unknown> => {
      const flow = `ServiceManagement_${name}`
      const end = await manager.request(flow, values, { timeout: LIMIT_MS })
      return end['message']
    }
    const statusOf = async (service_id: string): Promise<unknown> =>
      ((await ask('GetServiceStatus', { service_id })) as Values)['service_status_actual']
    const idle = { service_id: 'idle' }
    const gate = { service_id: 'gate' }
    assert.equal([await statusOf('gate'), await statusOf('idle')], ['RUNNING', 'STOPPED'])
    assert.is(((await ask('StartService', idle)) as Values)['service_status_actual'], 'RUNNING')
    assert.is((await manager.services.health('idle')).status, 'OPERATIONAL')
    const topics = (await ask('GetServiceTopics', gate)) as Values[]
    assert.equal(
      topics.map(({ flow, action }) => `${flow}:${action}`),
      ['Done:done', 'Typo:done', ':question'],
    )
    await ask('PutServiceTopic', { ...idle, topic: { flow: 'Done', action: 'done' } })
    await ask('DeleteServiceTopic', { ...idle, topic: { flow: 'Done', action: 'done' } })
    assert.equal((await manager.services.topics('idle')).map(String), ['?Ask@PUBLISH?question'])
    await ask('RestartService', idle)
    await ask('StopService', idle)
    assert.is(await statusOf('idle'), 'STOPPED')
    assert.is(typeof ((await ask('GetReloadSystemHealth')) as Values)['memory'], 'number')
    for (const name of ['StartService', 'GetServiceTopics', 'GetServiceStatus']) {
      const failed = (await ask(name, { service_id: 'x' }).catch((error) => error)) as FlowError
      assert.equal(
        [failed.code, failed.message],
        ['ENOENT', "No service 'x': there are gate, idle"],
      )
    }
    const { accepted, done, failed, inFlight } = manager.totals()
    assert.equal([failed, inFlight, accepted], [3, 0, done + 3])
  })
})

test('a service gets the ends of its flows, and its requests are answered to it alone', async () => {
  await withServices(async (manager, reports) => {
    const heard = await manager.subscribe(ActionKey.of({})).ready()
    const topics: string[] = []
    const listening = (async () => {
      for await (const { topic } of heard) {
        topics.push(topic)
        if (topics.filter((text) => text === '~~gate~Said~~').length === 3) return
      }
    })()
    await manager.push('Done', { ask: 'Work', n: 1 })
    await manager.push('Done', { ask: 'Work', fail: 'ENOPE' })
    await manager.push('Done', { ask: 'Missing' })
    await within(LIMIT_MS, listening, 'three answers')
    await heard.close()
    assert.is(reports.length, 1)
    const ends = topics.filter((text) => /^[A-Z].*~(done|failed)~$/.test(text))
    assert.equal(ends, ['Done~~~~done~', 'Done~~~~done~', 'Done~~~~done~'])
    assert.not(
      topics.some((text) => /^(reply|probe)/.test(text)),
      'nobody else gets those',
    )
  })
})

test('a service ends the wait of a flow', async () => {
  await withServices(async (manager) => {
    const { n, answer } = await manager.request('Ask', { n: 6 }, { timeout: LIMIT_MS })
    assert.equal([n, answer], [6, 7])
  })
})

test('services stop with the ZManager, and cannot be started after', async () => {
  await withServices(async (manager) => {
    await within(LIMIT_MS, manager.stop(), 'stop')
    assert.equal(
      manager.services.list().map(({ status, lastError }) => [status, lastError]),
      [
        ['STOPPED', undefined],
        ['STOPPED', undefined],
      ],
    )
    const refused = await manager.services.start('gate').catch((error: ZmqError) => error.code)
    assert.is(refused, 'EFSM')
  })
})

test.run()

// The life of services: start, crash, stop, and what ends when it hangs. In threads, where nothing says otherwise.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Values } from '../../src/index.ts'
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

for (const runIn of ['thread', 'process']) {
  test(`a service in a ${runIn} starts, gets the ends of its flows, stops and starts again`, async () => {
    const mark = join(serviceFolder(), 'mark')
    const lines = `flows = [Work]\nport = 8080\nname = "the echo"\nmark = ${mark}`
    await withServices('tcp', ini('a', lines, '', runIn), async ({ services, publish, told }) => {
      assert.is(services.status('a').status, 'RUNNING')
      const [up] = await told(1)
      assert.ok(up)
      const { port, name } = up.values['config'] as Values
      assert.equal(
        { key: up?.key, port, name },
        { key: 'echo?Here?up', port: 8080, name: 'the echo' },
      )
      publish(message(DONE, { n: 1 }))
      publish(message(DONE.with({ flow: 'Work2' }), { n: 2 }))
      publish(message(DONE.with({ action: 'done2' }), { n: 3 }))
      publish(message(DONE, { n: 4 }))
      const all = await told(7) // four of these are ours
      const got = all.filter(({ key }) => key === 'echo?Here?got').map(({ values }) => values['n'])
      assert.equal(got, [1, 4])
      assert.is((await services.stop('a')).status, 'STOPPED')
      assert.is(services.status('a').wanted, 'STOPPED')
      assert.is((await services.start('a')).status, 'RUNNING')
      assert.is(services.status('a').lastError, undefined)
      assert.is(readFileSync(mark, 'utf8'), 'start stop start ')
    })
  })
}

test('a service that crashes is started again, and given up when it does nothing else', async () => {
  const text = ini('a', 'flows = [Work]', 'restarts = 2')
  await withServices('inproc', text, async ({ services, publish, until, reports }) => {
    for (let restarts = 1; restarts <= 2; restarts++) {
      publish(message(DONE, { crash: true }))
      const isBack = () =>
        services.status('a').restarts === restarts && services.status('a').status === 'RUNNING'
      await until(isBack, `restart ${restarts}`)
    }
    publish(message(DONE, { crash: true }))
    await until(() => services.status('a').status === 'ERROR', 'it is given up')
    assert.is(services.status('a').lastError, 'crashed')
    assert.is(services.status('a').wanted, 'RUNNING')
    assert.ok(reports.includes('service a is not started again (restarts is 2)'))
    assert.is((await failure(services.topics('a'))).code, 'EFSM')
    assert.is((await services.health()).status, 'UNRESPONSIVE')
    assert.is((await services.start('a')).status, 'RUNNING') // fault 19
    publish(message(DONE, { crash: true }))
    await until(() => services.status('a').restarts === 3, 'crashes are counted anew')
  })
})

test('a service that cannot start is in ERROR with its reason, and the others run', async () => {
  const text = `
[ServiceManagementConfiguration]
services = [bad, none, far, late, good]
[bad]
status = RUNNING
run_in = thread
module = ./echo.ts#echo
fails = true
[none]
status = RUNNING
run_in = thread
module = ./echo.ts#nothing
[far]
status = RUNNING
module = ./echo.ts#echo
[late]
run_in = thread
module = ./echo.ts#echo
[good]
status = RUNNING
run_in = thread
module = ./echo.ts#Echo
`
  await withServices('inproc', text, async ({ services, reports }) => {
    assert.equal(
      services.list().map(({ id, status }) => `${id} ${status}`),
      ['bad ERROR', 'none ERROR', 'far ERROR', 'late STOPPED', 'good RUNNING'],
    )
    assert.match(services.status('bad').lastError as string, /as asked/)
    assert.match(services.status('none').lastError as string, /the module exports .*nothing/)
    assert.is(reports.filter((text) => text.includes('does not run')).length, 3)
    assert.match(
      services.status('far').lastError as string,
      /cannot reach inproc:.* run_in = thread/,
    )
    assert.is((await failure(services.start('bad'))).code, 'EASKED')
    const unknown = await failure(services.start('nobody'))
    assert.is(unknown.code, 'ENOENT')
    assert.match(unknown.message, /bad, none, far, late, good/)
  })
})

test('a start that hangs ends with a stop, or when its time is over', async () => {
  const text = ini('a', 'hangs = true', 'start_timeout = 500').replace('RUNNING', 'STOPPED')
  await withServices('inproc', text, async ({ services }) => {
    const starting = failure(services.start('a'))
    assert.is(services.status('a').wanted, 'RUNNING')
    assert.is((await services.stop('a')).status, 'STOPPED')
    assert.is((await starting).code, 'ESTOPPED')
    assert.is((await failure(services.start('a'))).code, 'ETIMEDOUT')
    assert.is(services.status('a').status, 'ERROR')
  })
})

test('a restart while it starts is no error of the service', async () => {
  const text = ini('a', '', 'start_timeout = 15000').replace('RUNNING', 'STOPPED')
  await withServices('inproc', text, async ({ services, until }) => {
    const starting = failure(services.start('a'))
    await until(() => services.status('a').status === 'STARTING', 'it starts')
    const { status, lastError } = await services.restart('a')
    assert.equal({ status, lastError }, { status: 'RUNNING', lastError: undefined })
    assert.is((await starting).code, 'ESTOPPED')
  })
})

test('a restart while it comes back from a crash is no second crash', async () => {
  const text = ini('a', 'flows = [Work]', 'restarts = 1')
  await withServices('inproc', text, async ({ services, publish, until, reports }) => {
    publish(message(DONE, { crash: true }))
    await until(() => services.status('a').restarts === 1, 'it comes back')
    assert.is((await services.restart('a')).status, 'RUNNING')
    assert.equal(reports.slice(1), [
      'service a ended: crashed',
      'service a is started again in 100 ms',
    ])
  })
})

test('a service that waits for an answer is told to give up, and stops as it should', async () => {
  const mark = join(serviceFolder(), 'mark')
  const text = ini('a', `flows = [Work]\nmark = ${mark}`, 'stop_timeout = 3000')
  await withServices('inproc', text, async ({ services, publish, pushed, until, told }) => {
    publish(message(DONE, { ask: 'Silent', timeout: 60_000 }))
    await until(() => pushed.length === 1, 'it asks')
    assert.is((await services.stop('a')).lastError, undefined)
    assert.is(readFileSync(mark, 'utf8'), 'start stop ')
    const [, , answer] = await told(3)
    assert.equal(answer?.values, { code: 'ESTOPPED' })
  })
})

test('a service that does not stop in time is ended', async () => {
  const text = ini('a', 'stuck = true', 'stop_timeout = 200')
  await withServices('inproc', text, async ({ services }) => {
    const stopped = await within(LIMIT_MS, services.stop('a'), 'it stops')
    assert.is(stopped.status, 'STOPPED')
    assert.match(stopped.lastError as string, /within 200 ms/)
  })
})

test.run()

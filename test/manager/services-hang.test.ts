// Services that hang: found by the signs of life they do not give, ended, counted, and started again.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Watched, watch } from '../../src/manager/service/service-watch.ts'
import { within } from '../support/index.ts'
import { DONE, ini, LIMIT_MS, message, serviceFolder, withServices } from './service-fixture.ts'

for (const runIn of ['thread', 'process']) {
  test(`a service in a ${runIn} that hangs is ended, counted, and started again`, async () => {
    const text = ini('a', 'flows = [Work]', 'hang_timeout = 600', runIn)
    await withServices('tcp', text, async ({ services, publish, until, told, reports }) => {
      const never = join(serviceFolder(), 'never')
      publish(message(DONE, { block: never }))
      await until(() => services.status('a').status === 'UNKNOWN', 'its silence is seen')
      await until(() => services.status('a').restarts === 1, 'it is started again')
      await until(() => services.status('a').status === 'RUNNING', 'it runs')
      const { hangs, lastError, wanted } = services.status('a')
      assert.equal([hangs, wanted], [1, 'RUNNING'])
      assert.match(lastError as string, /no sign of life for 600 ms .*hang_timeout/)
      assert.equal(reports.slice(1), [
        `service a ended: ${lastError}`,
        'service a is started again in 100 ms',
      ])
      publish(message(DONE, { n: 7 }))
      const all = await told(5) // up, the one it hung over, up, one more, and what it says of that
      assert.is(all.at(-1)?.values['n'], 7)
    })
  })
}

test('one that hangs after every start is given up, like one that crashes', async () => {
  const text = ini('a', 'flows = [Work]', 'hang_timeout = 600\nrestarts = 1')
  await withServices('inproc', text, async ({ services, publish, until }) => {
    for (let hangs = 1; hangs <= 2; hangs++) {
      const { since } = services.status('a')
      publish(message(DONE, { block: '/nowhere' }))
      await until(() => services.status('a').hangs === hangs, `hang ${hangs}`)
      const isOver = () =>
        services.status('a').since > since && /RUNNING|ERROR/.test(services.status('a').status)
      await until(isOver, 'it is back, or given up')
    }
    const { status, restarts, hangs } = services.status('a')
    assert.equal({ status, restarts, hangs }, { status: 'ERROR', restarts: 1, hangs: 2 })
  })
})

test('a service that only waits long for something does not hang; 0 is no limit', async () => {
  const go = join(serviceFolder(), 'go')
  await withServices('inproc', ini('a', '', 'hang_timeout = 600'), async ({ services, until }) => {
    const began = performance.now()
    await until(() => performance.now() - began > 1300, 'two limits are over')
    const { status, hangs } = services.status('a')
    assert.equal([status, hangs], ['RUNNING', 0])
  })
  const text = ini('a', 'flows = [Work]', 'hang_timeout = 0\nanswer_timeout = 100')
  await withServices('inproc', text, async ({ services, publish, told }) => {
    publish(message(DONE, { block: go }))
    for (let i = 0; i < 3; i++) assert.is((await services.health('a')).status, 'UNRESPONSIVE')
    assert.is(services.status('a').status, 'UNKNOWN')
    writeFileSync(go, '')
    await told(3)
    assert.equal([services.status('a').hangs, services.status('a').restarts], [0, 0])
  })
})

test('a service that is busy for a while, and answers late, does not hang; the third silence in a row is one', async () => {
  const told: string[] = []
  const watching = new AbortController()
  const late: (() => void)[] = []
  let questions = 0
  const unit: Watched = {
    run: 1,
    isUp: true,
    alive: () => {
      questions++
      if (questions === 3) for (const answer of late.splice(0)) answer()
      if (questions === 3) return Promise.resolve()
      return new Promise((resolve) => late.push(resolve))
    },
    answered: () => {},
    endHung: (limitMs) => {
      told.push(`ended for ${limitMs} ms after ${questions} questions`)
      watching.abort()
    },
  }
  await within(LIMIT_MS, watch(unit, 15, watching.signal), 'it watches')
  assert.equal(told, ['ended for 15 ms after 6 questions'])
})

test('silence before a restart says nothing of the service after it', async () => {
  const told: string[] = []
  const watching = new AbortController()
  let rounds = 0
  const unit: Watched = {
    get run() {
      return Math.floor(rounds / 2) // started again after every second question
    },
    isUp: true,
    alive: () => {
      if (++rounds === 12) watching.abort()
      return new Promise(() => {})
    },
    answered: (_, isAnswering) => void told.push(String(isAnswering)),
    endHung: () => void told.push('ended'),
  }
  await within(LIMIT_MS, watch(unit, 15, watching.signal), 'it watches')
  assert.not(told.includes('ended'), told.join())
})

test('many services are watched without a warning of a leak', async () => {
  const warnings: string[] = []
  const warned = (warning: Error): void => void warnings.push(warning.name)
  process.on('warning', warned)
  const watching = new AbortController()
  const alive = { run: 1, isUp: true, alive: async () => {}, answered() {}, endHung() {} }
  const all = Array.from({ length: 12 }, () => watch(alive, 1000, watching.signal))
  watching.abort()
  await within(LIMIT_MS, Promise.all(all), 'they end')
  await new Promise(setImmediate)
  process.off('warning', warned)
  assert.equal(warnings, [])
})

test('an answer asked of the run before does not count for the one after', async () => {
  const text = ini('a', 'flows = [Work]', 'answer_timeout = 3000\nstop_timeout = 100')
  await withServices('inproc', text, async ({ services, publish, told }) => {
    await told(1)
    publish(message(DONE, { block: '/nowhere' }))
    const asked = services.health('a')
    await services.restart('a')
    assert.is(services.status('a').status, 'RUNNING')
    await asked
    assert.is(services.status('a').status, 'RUNNING')
  })
})

test.run()

// The ledger: accepted = done + failed + in flight, whatever is asked of it in whatever order.
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Counts, Ledger, type Outcome } from '../../src/manager/ledger.ts'
import { within } from '../support/index.ts'

const endedOf = ({ done, failed, expired, dead }: Counts): number => done + failed + expired + dead

test('random accepts and ends keep the sum, in total and per flow', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd')
  const step = fc.oneof(
    fc.record({ do: fc.constant('accept' as const), id, flow: fc.constantFrom('F', 'G') }),
    fc.record({
      do: fc.constant('settle' as const),
      id,
      outcome: fc.constantFrom<Outcome>('done', 'failed', 'expired', 'dead'),
    }),
    fc.record({ do: fc.constant('reject' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ledger = new Ledger()
      for (const s of steps) {
        if (s.do === 'accept') ledger.accept(s.id, s.flow)
        else if (s.do === 'settle') ledger.settle(s.id, s.outcome)
        else ledger.reject('EINVAL')
        const { flows, ...total } = ledger.totals()
        assert.is(total.accepted, endedOf(total) + total.inFlight)
        for (const flow of Object.values(flows))
          assert.is(flow.accepted, endedOf(flow) + flow.inFlight)
        const inFlows = Object.values(flows).reduce((sum, flow) => sum + flow.inFlight, 0)
        assert.is(inFlows, total.inFlight)
        const accepted = Object.values(flows).reduce((sum, flow) => sum + flow.accepted, 0)
        assert.is(accepted, total.accepted, 'what nobody can read counts among the unknown flows')
      }
    }),
  )
})

test('a message ends once: the second end is told apart and counts nothing', () => {
  const ledger = new Ledger()
  assert.is(ledger.accept('x', 'F'), true)
  assert.is(ledger.accept('x', 'F'), false)
  assert.is(ledger.settle('x', 'failed', 'w', 'EWORKERLOST'), true)
  assert.is(ledger.settle('x', 'done', 'w'), false)
  assert.is(ledger.settle('never', 'done', 'w'), false)
  const { accepted, done, failed, failures, workers, duplicates } = ledger.totals()
  assert.equal(
    { accepted, done, failed, duplicates },
    { accepted: 1, done: 0, failed: 1, duplicates: 2 },
  )
  assert.equal(failures, { EWORKERLOST: 1 })
  assert.equal(workers, { w: { done: 0, failed: 1 } })
})

test('when() resolves at the end that makes its condition true', async () => {
  const ledger = new Ledger()
  ledger.accept('a', 'F')
  ledger.accept('b', 'F')
  let over = false
  const drained = ledger.when(() => ledger.inFlight === 0).then(() => (over = true))
  ledger.settle('a', 'done', 'w')
  await Promise.resolve()
  assert.is(over, false)
  ledger.settle('b', 'failed', 'w')
  await within(1000, drained, 'the ledger is empty')
})

test('names that peers made up are counted together', () => {
  const ledger = new Ledger({ flow: (name) => name === 'F', worker: (name) => name === 'w' })
  for (const id of ['a', 'b', 'c']) ledger.accept(id, id === 'a' ? 'F' : `flow-${id}`)
  ledger.settle('a', 'done', 'w')
  for (const id of ['b', 'c']) ledger.settle(id, 'done', `worker-${id}`)
  const { flows, workers } = ledger.totals()
  const none = { failed: 0, expired: 0, dead: 0, inFlight: 0 }
  assert.equal(flows, {
    F: { accepted: 1, done: 1, ...none },
    '(unknown)': { accepted: 2, done: 2, ...none },
  })
  assert.equal(workers, { w: { done: 1, failed: 0 }, '(unknown)': { done: 2, failed: 0 } })
})

test('codes that peers made up do not let the table grow; our own are always told apart', () => {
  const ledger = new Ledger()
  const fail = (id: string, code: string): void => {
    ledger.accept(id, 'F')
    ledger.settle(id, 'failed', undefined, code)
  }
  for (let n = 0; n < 500; n++) fail(`${n}`, `EMADEUP${n}`)
  fail('long', 'E'.repeat(1000))
  fail('own', 'EWORKERLOST')
  const { failed, failures } = ledger.totals()
  assert.is(failed, 502)
  assert.is(failures['(unknown)'], 401)
  assert.is(failures['EWORKERLOST'], 1)
  assert.is(Object.keys(failures).length, 102)
})

test.run()

// The ledger: accepted = done + failed + in flight, whatever is asked of it in whatever order.
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Ledger } from '../../src/manager/ledger.ts'
import { within } from '../support/index.ts'

test('random accepts, leases and ends keep the sum, in total and per flow', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd')
  const step = fc.oneof(
    fc.record({ do: fc.constant('accept' as const), id, flow: fc.constantFrom('F', 'G') }),
    fc.record({ do: fc.constant('lease' as const), id, worker: fc.constantFrom('w1', 'w2') }),
    fc.record({
      do: fc.constant('settle' as const),
      id,
      outcome: fc.constantFrom('done' as const, 'failed' as const),
    }),
    fc.record({ do: fc.constant('reject' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ledger = new Ledger()
      for (const s of steps) {
        if (s.do === 'accept') ledger.accept(s.id, s.flow)
        else if (s.do === 'lease') ledger.lease(s.id, s.worker)
        else if (s.do === 'settle') ledger.settle(s.id, s.outcome, undefined)
        else ledger.reject('EINVAL')
        const { accepted, done, failed, inFlight, flows } = ledger.totals()
        assert.is(accepted, done + failed + inFlight)
        const inFlows = Object.values(flows).reduce(
          (sum, flow) => sum + flow.accepted - flow.done - flow.failed,
          0,
        )
        assert.is(inFlows, inFlight)
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
  const { accepted, done, failed, failures, workers } = ledger.totals()
  assert.equal({ accepted, done, failed }, { accepted: 1, done: 0, failed: 1 })
  assert.equal(failures, { EWORKERLOST: 1 })
  assert.equal(workers, { w: { done: 0, failed: 1 } })
})

test('leases name the messages of a worker until they end', () => {
  const ledger = new Ledger()
  for (const id of ['a', 'b', 'c']) ledger.accept(id, 'F')
  ledger.lease('a', 'w1')
  ledger.lease('b', 'w1')
  ledger.lease('c', 'w2')
  ledger.settle('a', 'done', 'w1')
  assert.equal(ledger.leasedTo('w1'), ['b'])
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
  const two = { accepted: 2, done: 2, failed: 0 }
  assert.equal(flows, { F: { accepted: 1, done: 1, failed: 0 }, '(unknown)': two })
  assert.equal(workers, { w: { done: 1, failed: 0 }, '(unknown)': { done: 2, failed: 0 } })
})

test.run()

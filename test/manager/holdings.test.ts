// Conservation: whatever workers, clocks and peers do, accepted = done + failed + expired + dead +
// in flight, and every end is told once.
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../src/index.ts'
import { Rig } from './conductor-rig.ts'
import { makeWork } from './work.ts'

const AGAIN = { delivery: 'at-least-once' } as const

test('at-most-once: a message dies with its worker and its caller is told; what waited goes on', () => {
  const rig = new Rig(['w'])
  for (const id of ['a', 'b', 'c']) rig.add(id, {})
  rig.die('w')
  const { failed, inFlight } = rig.ledger.totals()
  assert.equal({ failed, inFlight }, { failed: 1, inFlight: 2 })
  assert.equal(rig.codes, ['EWORKERLOST'])
  assert.equal(rig.has('w'), ['b', 'c'])
})

test('at-least-once: it is given again; with its attempts used up it is a dead letter', () => {
  const rig = new Rig(['w'])
  rig.add('a', { ...AGAIN, attempts: 3 })
  rig.die('w')
  rig.die('w')
  assert.equal(rig.has('w'), ['a'])
  assert.equal(rig.told, [])
  rig.die('w', true)
  const { dead, inFlight, deadLetters } = rig.totals()
  assert.equal({ dead, inFlight, deadLetters }, { dead: 1, inFlight: 0, deadLetters: 1 })
  assert.equal(rig.codes, ['ETIMEDOUT'])
  const [letter] = rig.holdings.deadLetters.list()
  assert.is(letter?.header.id, 'a')
  assert.is(letter?.times, 3)
  assert.is(letter?.error.retryable, false)
})

test('who only waited behind the message that kills workers is not blamed', () => {
  const rig = new Rig(['w'])
  rig.add('poison', { ...AGAIN, attempts: 2 })
  rig.add('a', { ...AGAIN, attempts: 2 })
  rig.die('w')
  rig.die('w')
  assert.equal(rig.has('w'), ['a'])
  rig.end('w')
  const { done, dead } = rig.ledger.totals()
  assert.equal({ done, dead }, { done: 1, dead: 1 })
})

test('over its time: a message that waits ends, and one that runs does too; its late end is a duplicate', () => {
  const rig = new Rig(['w'], { prefetch: 0 })
  rig.add('runs', { timeout: 100 }, 0)
  rig.add('waits', { timeout: 100 }, 50)
  rig.holdings.expire(99)
  assert.is(rig.ledger.inFlight, 2)
  rig.holdings.expire(100)
  assert.is(rig.ledger.totals().expired, 1)
  assert.is(rig.totals().workers['w']?.leases, 1, 'the worker still has it')
  rig.holdings.expire(150)
  assert.is(rig.ledger.totals().expired, 2)
  assert.is(rig.totals().queue, 0)
  assert.is(rig.end('w'), false)
  const { duplicates, workers } = rig.totals()
  assert.is(duplicates, 1)
  assert.is(workers['w']?.leases, 0)
  assert.equal(rig.codes, ['ETIMEDOUT', 'ETIMEDOUT'])
})

test('dead letters are bounded: the oldest goes and is counted', () => {
  const rig = new Rig(['w'], { prefetch: 0, deadLetters: 2 })
  for (const id of ['a', 'b', 'c']) {
    rig.add(id, { ...AGAIN, attempts: 1 })
    rig.die('w')
  }
  const { deadLetters, deadLettersDropped, dead } = rig.totals()
  assert.equal([deadLetters, deadLettersDropped, dead], [2, 1, 3])
  assert.equal(
    rig.holdings.deadLetters.list().map(({ header }) => header.id),
    ['b', 'c'],
  )
})

test('random events: the sum holds in total and per flow at every moment, and each end is told once', () => {
  const worker = fc.constantFrom('u', 'v')
  const id = fc.integer({ min: 0, max: 15 }).map(String)
  const policy = fc.record({
    delivery: fc.constantFrom('at-least-once' as const, 'at-most-once' as const),
    attempts: fc.integer({ min: 1, max: 3 }),
    timeout: fc.constantFrom(0, 30),
  })
  const event = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), id, policy }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), worker }) },
    fc.record({ do: fc.constant('stray' as const), worker, id }),
    fc.record({ do: fc.constant('die' as const), worker, hung: fc.boolean() }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat(20) }),
    fc.record({ do: fc.constant('fail waiting' as const) }),
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 100 }), fc.nat(2), (events, prefetch) => {
      const rig = new Rig(['u', 'v'], { prefetch })
      let now = 0
      for (const e of events) {
        if (e.do === 'add') rig.add(e.id, e.policy, now)
        else if (e.do === 'end') rig.end(e.worker)
        else if (e.do === 'stray') {
          const { received } = makeWork(e.id)
          rig.passes({ ...received, header: { ...received.header, worker: 'x', outcome: 'done' } })
        } else if (e.do === 'die') rig.die(e.worker, e.hung)
        else if (e.do === 'wait') {
          now += e.ms
          rig.holdings.expire(now)
        } else rig.holdings.failWaiting(new ZmqError('ENOWORKERS', 'none'))
        const { accepted, inFlight, flows, queue, workers, ...t } = rig.totals()
        const counted = t.done + t.failed + t.expired + t.dead
        assert.is(accepted, counted + inFlight)
        assert.is(flows['F']?.inFlight ?? 0, inFlight)
        assert.is(counted, rig.told.length)
        const leases = Object.values(workers).reduce((sum, { leases }) => sum + leases, 0)
        assert.ok(queue >= 0 && queue + leases >= inFlight, `${queue} ${leases} ${inFlight}`)
      }
      rig.holdings.failAll(new ZmqError('ESTOPPED', 'the end'))
      assert.is(rig.ledger.inFlight, 0)
      assert.is(rig.totals().queue, 0)
    }),
    { numRuns: 300 },
  )
})

test.run()

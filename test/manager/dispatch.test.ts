// Which message goes to which worker: the least loaded, in turn, or the one that has its line.
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Dispatch, type DispatchOrder } from '../../src/manager/course/dispatch.ts'
import type { Lane } from '../../src/manager/course/lane.ts'
import { type Counter, counter, makeWork } from './work.ts'

function dispatchTo(workers: string[], prefetch: number, order: DispatchOrder = 'least-loaded') {
  const dispatch = new Dispatch(order, prefetch)
  for (const worker of workers) dispatch.open(worker, counter())
  return dispatch
}

/** Gives out what can be given, as `id>worker`. */
function given(dispatch: Dispatch): string[] {
  const all: string[] = []
  for (let found = dispatch.next(); found; found = dispatch.next())
    all.push(`${found.work.received.header.id}>${found.lane.worker}`)
  return all
}

function add(dispatch: Dispatch, ids: string, by?: string): void {
  const policy = by === undefined ? {} : { orderBy: 'client' }
  for (const id of ids) dispatch.add(makeWork(id, policy, { client: by }))
}

test('the worker with the fewest messages gets the next; of equal ones the one whose turn it is', () => {
  const dispatch = dispatchTo(['u', 'v', 'w'], 9)
  add(dispatch, 'abc')
  assert.equal(given(dispatch), ['a>u', 'b>v', 'c>w'])
  dispatch.release('v', 'b')
  add(dispatch, 'de')
  assert.equal(given(dispatch), ['d>v', 'e>w'])
  dispatch.release('w', 'c')
  dispatch.release('w', 'e')
  add(dispatch, 'fgh')
  assert.equal(given(dispatch), ['f>w', 'g>u', 'h>v'])
})

test('round-robin goes on in turn, whoever has how many, and passes over who has no room', () => {
  const dispatch = dispatchTo(['u', 'v'], 1, 'round-robin')
  add(dispatch, 'ab')
  assert.equal(given(dispatch), ['a>u', 'b>v'])
  dispatch.release('v', 'b')
  add(dispatch, 'cde')
  assert.equal(given(dispatch), ['c>u', 'd>v', 'e>v'])
})

test('a worker has one message and as many as it may prefetch; others wait', () => {
  const dispatch = dispatchTo(['u'], 1)
  add(dispatch, 'abcd')
  assert.equal(given(dispatch), ['a>u', 'b>u'])
  assert.is(dispatch.waiting, 2)
  dispatch.release('u', 'a')
  assert.equal(given(dispatch), ['c>u'])
  assert.is(dispatch.waiting, 1)
})

test('messages of one line go to one worker while it has any of them; others pass them by', () => {
  const dispatch = dispatchTo(['u', 'v'], 1)
  add(dispatch, 'abc', 'one')
  add(dispatch, 'de', 'two')
  assert.equal(given(dispatch), ['a>u', 'b>u', 'd>v', 'e>v'])
  assert.is(dispatch.waiting, 1)
  dispatch.release('u', 'a')
  assert.equal(given(dispatch), ['c>u'])
  for (const id of 'bc') dispatch.release('u', id)
  for (const id of 'de') dispatch.release('v', id)
  add(dispatch, 'f', 'two')
  assert.equal(given(dispatch), ['f>u'], 'no message of the line is under way: any worker will do')
})

test('what a dead worker had not begun waits again before all others, in order, its line too', () => {
  const dispatch = dispatchTo(['u'], 2)
  add(dispatch, 'abcde', 'one')
  assert.equal(given(dispatch), ['a>u', 'b>u', 'c>u'])
  const lane = dispatch.lane('u')
  ;((lane as Lane).progress as Counter).set(2)
  dispatch.release('u', 'a')
  const begun: string[] = []
  dispatch.close('u', ({ work, stage }) => {
    begun.push(`${work.received.header.id} ${stage}`)
    return true
  })
  assert.equal(begun, ['b at work'])
  add(dispatch, 'f', 'one')
  dispatch.open('v', counter())
  assert.equal(given(dispatch), ['b>v', 'c>v', 'd>v'])
  for (const id of 'bcd') dispatch.release('v', id)
  assert.equal(given(dispatch), ['e>v', 'f>v'])
  assert.is(dispatch.waiting, 0)
})

test('workers die one after the other: each line keeps its order', () => {
  const dispatch = dispatchTo(['u', 'v'], 1)
  add(dispatch, 'a', 'one')
  add(dispatch, 'xk')
  add(dispatch, 'b', 'one')
  assert.equal(given(dispatch), ['a>u', 'x>v', 'k>u'])
  dispatch.close('u', () => true)
  assert.equal(given(dispatch), ['a>v'], 'k and b wait')
  dispatch.close('v', () => true)
  dispatch.open('w', counter())
  assert.equal(given(dispatch), ['x>w', 'a>w'])
  dispatch.release('w', 'x')
  dispatch.release('w', 'a')
  assert.equal(given(dispatch), ['k>w', 'b>w'])
  assert.is(dispatch.waiting, 0)
})

test('of a worker whose progress nobody knows, the oldest message is to blame and all others may have begun', () => {
  const dispatch = dispatchTo(['u'], 3)
  for (const id of 'abcd') dispatch.add(makeWork(id, { lease: 100 }))
  given(dispatch)
  const lane = dispatch.lane('u')
  ;((lane as Lane).progress as Counter).set(undefined)
  dispatch.release('u', 'a')
  assert.is(lane?.isOverdue(0), false)
  assert.is(lane?.isOverdue(101), true, 'the oldest takes too long')
  const left: string[] = []
  dispatch.close('u', ({ work, stage }) => {
    left.push(`${work.received.header.id} ${stage}`)
    return false
  })
  assert.equal(left, ['b at work', 'c finished', 'd finished'])
})

test('what a worker is at longer than its lease makes it overdue; what only waits does not', () => {
  const dispatch = dispatchTo(['u'], 2)
  for (const id of 'ab') dispatch.add(makeWork(id, { lease: 100 }))
  given(dispatch)
  const lane = dispatch.lane('u')
  assert.is(lane?.isOverdue(0), false)
  assert.is(lane?.isOverdue(99), false)
  dispatch.release('u', 'a')
  assert.is(lane?.isOverdue(101), false, 'b is its message only now')
  assert.is(lane?.isOverdue(201), false)
  assert.is(lane?.isOverdue(202), true)
})

test('random lines: each is worked on by one worker at a time, in the order in which it came', () => {
  const event = fc.oneof(
    fc.record({ do: fc.constant('add' as const), line: fc.constantFrom('x', 'y', 'z') }),
    fc.record({ do: fc.constant('end' as const), worker: fc.nat(2) }),
    fc.record({ do: fc.constant('die' as const), worker: fc.nat(2), begun: fc.nat(3) }),
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), fc.nat(3), (events, prefetch) => {
      const names = ['u0', 'u1', 'u2']
      const dispatch = dispatchTo(names, prefetch)
      const lineOf = new Map<string, string>()
      const has = new Map(names.map((name) => [name, [] as string[]]))
      const ended = new Map<string, number>()
      let count = 0
      for (const e of events) {
        if (e.do === 'add') {
          const id = `${++count}`
          lineOf.set(id, e.line)
          dispatch.add(makeWork(id, { orderBy: 'client' }, { client: e.line }))
        } else {
          const name = names[e.worker] as string
          const mine = has.get(name) as string[]
          const id = mine.shift()
          if (e.do === 'end' && id !== undefined) {
            const line = lineOf.get(id) as string
            assert.ok(Number(id) > (ended.get(line) ?? 0), 'in order')
            ended.set(line, Number(id))
            dispatch.release(name, id)
          } else if (e.do === 'die') {
            dispatch.close(name, () => true)
            has.set(name, [])
            dispatch.open(name, counter())
          }
        }
        for (let found = dispatch.next(); found; found = dispatch.next())
          has.get(found.lane.worker)?.push(found.work.received.header.id)
        for (const line of ['x', 'y', 'z']) {
          const at = names.filter((name) => has.get(name)?.some((id) => lineOf.get(id) === line))
          assert.ok(at.length <= 1, `${line} is with ${at}`)
        }
        const out = names.reduce((sum, name) => sum + (has.get(name)?.length ?? 0), 0)
        assert.is(dispatch.waiting + out + endedIn(ended, lineOf), count)
      }
    }),
  )
})

/** How many messages ended: of each line all up to the last that did. */
function endedIn(last: Map<string, number>, lineOf: Map<string, string>): number {
  return [...lineOf].filter(([id, line]) => Number(id) <= (last.get(line) ?? 0)).length
}

test.run()

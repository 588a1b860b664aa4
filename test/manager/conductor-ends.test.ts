// Ends that are easy to get wrong: failures while workers die or all stops, catch steps, and who answers.
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, encodeValue, type Values, ZmqError } from '../../src/index.ts'
import { newHeader, stepError } from '../../src/manager/messages.ts'
import { type Handle, Rig } from './conductor-rig.ts'

const flow = (...lines: string[]) => `[F]\n?F?Push\n${lines.join('\n')}\n??done\n`
const adds =
  (name: string): Handle =>
  (values) => ({ ...values, [name]: true })
const breaks =
  (code: string): Handle =>
  () => {
    throw new ZmqError(code, 'broken')
  }

async function settle(rig: Rig): Promise<void> {
  for (let idle = 0; idle < 2; idle++) {
    if (await rig.work('w')) idle = 0
    await new Promise(setImmediate)
  }
}

const CAUGHT = '[F]\ncatch = ??undo\n?F?Push\n?F?One\n??done\n'

test('a line stays with one worker and in order when its head dies and is caught', () => {
  const handlers = { One: adds('one'), undo: adds('undone') }
  const rig = new Rig(['u'], { flows: CAUGHT, handlers, prefetch: 1 })
  const add = (id: string) => rig.add(id, { orderBy: 'k' }, 0, 'F', { k: 1 })
  add('1')
  add('2')
  for (const worker of ['v', 'w']) rig.open(worker)
  rig.die('u')
  add('3')
  const all = ['u', 'v', 'w'].map((worker) => rig.has(worker)).filter(({ length }) => length > 0)
  assert.equal(all, [['2', '1\0caught']], 'and 3 waits for that worker')
  assert.is(rig.totals().queue, 1)
})

test('whatever dies, fails or is late: a line is with one worker at a time', async () => {
  const worker = fc.constantFrom('u', 'v', 'w')
  const message = fc.record({
    do: fc.constant('add' as const),
    k: fc.nat(1),
    fails: fc.boolean(),
    delivery: fc.constantFrom('at-most-once' as const, 'at-least-once' as const),
    timeout: fc.constantFrom(0, 20),
  })
  const event = fc.oneof(
    { weight: 5, arbitrary: message },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('work' as const), worker }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('die' as const), worker }) },
    fc.record({ do: fc.constant('time' as const), ms: fc.nat(15) }),
  )
  const steps = fc.constantFrom(
    '?F?One',
    '& ?F?One\n& ?F?Two',
    '?F?One\n?F@PUBLISH?p\n?F@ASYNC?Two',
  )
  const One: Handle = ({ fails }) => (fails ? breaks('EBROKEN')({}) : undefined)
  const handlers = { One, Two: adds('two'), undo: adds('undone') }
  const run = fc.asyncProperty(
    fc.array(event, { maxLength: 50 }),
    fc.nat(2),
    steps,
    async (events, prefetch, lines) => {
      const flows = `[F]\ncatch = ??undo\n${lines}\n??done\n`
      const rig = new Rig(['u', 'v', 'w'], { flows, handlers, prefetch })
      let now = 0
      for (const [n, e] of events.entries()) {
        if (e.do === 'add')
          rig.add(`${e.k}-${n}`, { ...e, orderBy: 'k' }, now, 'F', { k: e.k, fails: e.fails })
        else if (e.do === 'work') await rig.work(e.worker)
        else if (e.do === 'die') rig.die(e.worker)
        else {
          now += e.ms
          rig.holdings.expire(now)
        }
        await new Promise(setImmediate)
        for (const { token } of rig.conductor.waits.list()) rig.conductor.waits.complete(token)
        for (const line of ['0-', '1-']) {
          const isAt = (name: string) => rig.has(name).some((id) => id.startsWith(line))
          assert.ok(['u', 'v', 'w'].filter(isAt).length < 2, `line ${line} is with two workers`)
        }
      }
    },
  )
  await fc.assert(run, { numRuns: 300 })
})

test('who serves the keys of one flow answers its steps, whoever did the step before', async () => {
  const handlers = { One: adds('one'), Two: adds('two') }
  for (const lines of [['?F?One', '?F@PUBLISH?ask', '?F?Two'], ['?F@PUBLISH?ask']]) {
    const rig = new Rig(['w'], { flows: flow(...lines), handlers })
    const { responders } = rig.conductor
    responders.add(ActionKey.of({ flow: 'G' }), () => assert.unreachable())
    responders.add(ActionKey.of({ flow: 'F', action: 'ask' }), () => ({ got: 1 }))
    rig.add('a')
    await settle(rig)
    assert.is(rig.valuesOf(rig.told[0])['got'], 1)
  }
})

test('who serves a key answers an @ASYNC step that is published itself', async () => {
  const handlers = { Got: adds('seen') }
  for (const action of ['ask', 'Got']) {
    const rig = new Rig(['w'], { flows: flow(`?F@ASYNC?${action}`), handlers })
    rig.conductor.responders.add(ActionKey.parse(`??${action}`), () => ({ n: 1 }))
    rig.add('a')
    await settle(rig)
    const values = action === 'Got' ? { n: 1, seen: true } : { n: 1 }
    assert.equal(rig.valuesOf(rig.told[0]), values)
  }
})

test('a handler that fails with ESTOPPED, as of another ZManager, is caught like any other', async () => {
  let undone = 0
  const handlers = { One: breaks('ESTOPPED'), undo: () => void undone++ }
  const rig = new Rig(['w'], { flows: CAUGHT, handlers })
  rig.add('a')
  await settle(rig)
  assert.equal([rig.codes, undone], [['ESTOPPED'], 1])
})

test('a component or an answer that fails with ESTOPPED is caught like any other; only when all stops it is not', async () => {
  for (const isStopping of [false, true]) {
    let undone = 0
    const flows = '[F]\ncatch = ??undo\n?F@ASYNC?ask\n??done\n'
    const rig = new Rig(['w'], { flows, handlers: { undo: () => void undone++ } })
    if (isStopping) rig.holdings.stops()
    const stopped = new ZmqError('ESTOPPED', 'of another ZManager')
    rig.add('answered')
    rig.conductor.waits.fail(rig.conductor.waits.list()[0]?.token as string, stopped)
    rig.conductor.responders.add('??ask', () => Promise.reject(stopped))
    rig.add('served')
    await settle(rig)
    assert.equal([rig.codes, undone], [['ESTOPPED', 'ESTOPPED'], isStopping ? 0 : 2])
  }
})

test('what is not taken on is not caught: nothing of it ran', () => {
  const rig = new Rig(['w'], {
    flows: CAUGHT,
    handlers: { One: adds('one'), undo: adds('undone') },
  })
  const { version } = rig.program.flows.find('F')
  const header = newHeader('a', 'F', version, ActionKey.of({ action: 'Push' }))
  rig.ledger.accept('a', 'F')
  const error = { code: 'EAGAIN', step: '?F?Push', message: 'full', retryable: true }
  rig.conductor.failed({ header, body: encodeValue({}) }, error)
  assert.equal([rig.codes, rig.has('w'), rig.totals().inFlight], [['EAGAIN'], [], 0])
})

test('a stop before the catch step: the message has not ended, for with a journal it runs again', async () => {
  const handlers = { One: breaks('EBROKEN'), undo: adds('undone') }
  const stopped = new ZmqError('ESTOPPED', 'the end')
  const waits = new Rig(['w'], { flows: CAUGHT, handlers, prefetch: 0 })
  waits.add('a')
  waits.add('b')
  await waits.work('w') // b is with the worker now, and the catch step of a waits
  waits.holdings.failWaiting(stopped)
  assert.equal(
    waits.told.map(({ header: { id, error, worker } }) => [id, error?.code, worker]),
    [['a', 'ESTOPPED', undefined]],
  )
  const late = new Rig(['w'], { flows: CAUGHT, handlers })
  late.add('a')
  late.refusal = stopped
  late.holdings.stops()
  await late.work('w')
  assert.equal(late.codes, ['ESTOPPED'])
  assert.is(late.told[0]?.header.worker, undefined)
  assert.is(late.totals().inFlight, 0)
})

test('in a group, too, an answer is laid over the values of the message, also if its handler returns none', async () => {
  const handlers: Record<string, Handle> = {
    Raise: ({ n, name }) => ({ n: Number(n) + 1, name }),
    Silent: () => undefined,
    Got: () => undefined,
    Changed: ({ got }) => ({ changed: got }),
  }
  const cases: [step: string, values: Values][] = [
    ['& ?F?Silent\n& ?F@ASYNC?answer', { n: 1, name: 'x', got: 3 }],
    ['& ?F?Silent\n& ?F@ASYNC?Got', { n: 1, name: 'x', got: 3 }],
    ['& ?F?Raise\n& ?F@ASYNC?answer', { n: 2, name: 'x', got: 3 }],
    ['& ?F@ASYNC?Got\n& ?F?Raise', { n: 2, name: 'x', got: 3 }],
    ['& ?F?Silent\n& ?F@ASYNC?Changed', { changed: 3 }],
  ]
  for (const [steps, expected] of cases) {
    const rig = new Rig(['w'], { flows: flow(steps), handlers })
    rig.add('a', {}, 0, 'F', { n: 1, name: 'x' })
    await settle(rig)
    rig.conductor.waits.complete(rig.conductor.waits.list()[0]?.token as string, { got: 3 })
    await settle(rig)
    assert.equal(rig.valuesOf(rig.told[0]), expected, steps)
  }
})

test('a wait may be failed with whatever can be thrown; what is no answer leaves it open', () => {
  for (const error of [undefined, null, 'no', 7, {}, { code: 'EODD' }]) {
    const rig = new Rig(['w'], { flows: flow('?F@ASYNC?ask'), handlers: {} })
    rig.add('a')
    const { waits } = rig.conductor
    const token = waits.list()[0]?.token as string
    for (const values of [5, 'x', [], null])
      assert.throws(() => waits.complete(token, values as never), /Values are an object with names/)
    assert.is(waits.list().length, 1)
    assert.ok(waits.fail(token, error))
    assert.equal(rig.codes, [(error as { code?: string } | null)?.code ?? 'EHANDLER'])
    assert.is(typeof rig.told[0]?.header.error?.message, 'string')
  }
})

test('of what was thrown and is no Error the message is told, or what it consists of', () => {
  const cases: [unknown, string][] = [
    [{ code: 'EODD', message: 'as asked' }, 'as asked'],
    [{ reason: 5 }, '{"reason":5}'],
    [null, 'null'],
    [undefined, 'undefined'],
    ['text', 'text'],
    [Symbol('s'), 'Symbol(s)'],
    [{ big: 1n }, 'what was thrown has no text'],
  ]
  for (const [thrown, text] of cases) assert.is(stepError(thrown, '??a', 'EX').message, text)
})

test('a wait may be failed with any Error', () => {
  const rig = new Rig(['w'], { flows: flow('?F@ASYNC?ask'), handlers: {} })
  for (const error of [new Error('plain'), new ZmqError('EODD', 'coded')]) {
    rig.add('a')
    assert.ok(rig.conductor.waits.fail(rig.conductor.waits.list()[0]?.token as string, error))
  }
  assert.equal(rig.codes, ['EHANDLER', 'EODD'])
  assert.equal(rig.told[0]?.header.error, {
    code: 'EHANDLER',
    step: '?F@ASYNC?ask',
    message: 'plain',
    retryable: false,
  })
})

test.run()

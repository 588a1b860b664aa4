// Messages through whole flows: waits, answers, groups, catch steps; whatever dies on the way, a message
// ends once, and accepted = done + failed + expired + dead + in flight.
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey, decodeEnvelope, type Values, ZmqError } from '../../src/index.ts'
import { type Handle, Rig } from './conductor-rig.ts'

const flow = (...lines: string[]) => `[F]\n?F?Push\n${lines.join('\n')}\n??done\n`
const adds =
  (name: string): Handle =>
  (values) => ({ ...values, [name]: true })
const breaks: Handle = () => {
  throw new ZmqError('EBROKEN', 'broken')
}

/** Lets workers work, and settles what is pending, until nothing changes. */
async function settle(rig: Rig, ...workers: string[]): Promise<void> {
  for (let idle = 0; idle < 2; idle++) {
    for (const worker of workers.length > 0 ? workers : ['w']) if (await rig.work(worker)) idle = 0
    await new Promise(setImmediate)
  }
}

/** The token of the fork that a worker has a branch of. */
const forkOf = (rig: Rig): string => rig.has('u')[0]?.split('\0')[1] ?? ''

const some = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('there is none')
  return value
}

const outcomes = ({ told }: Rig) => told.map(({ header }) => header.outcome)

test('a published step before @ASYNC waits; the answer is laid over the values, and the flow goes on', async () => {
  const flows = flow('?F?One', 'Subject?F@PUBLISH?ask', '?F@ASYNC?answer', '?F?Two')
  const rig = new Rig(['w'], { flows, handlers: { One: adds('one'), Two: adds('two') } })
  rig.add('a', {}, 0, 'F', { n: 1 })
  await settle(rig)
  const [asked] = rig.published
  assert.is(asked?.topic, 'F~PUBLISH~Subject~F~ask~')
  assert.equal(rig.valuesOf(asked), { n: 1, one: true })
  const token = asked?.header.token as string
  const [wait] = rig.conductor.waits.list()
  assert.equal(wait, { token, id: 'a', flow: 'F', step: '?F@ASYNC?answer', dueAt: 0 })
  assert.equal(rig.totals().waiting, 1)
  assert.ok(rig.conductor.waits.complete(token, { n: 2, got: 'it' }))
  assert.not(rig.conductor.waits.complete(token, { n: 3 }))
  await settle(rig)
  assert.equal(outcomes(rig), ['done'])
  assert.equal(rig.valuesOf(rig.told[0]), { n: 2, one: true, got: 'it', two: true })
  const { unmatchedAnswers, waiting, done } = rig.totals()
  assert.equal({ unmatchedAnswers, waiting, done }, { unmatchedAnswers: 1, waiting: 0, done: 1 })
})

test('an ASYNC step that a mapping knows runs with the answer; one at the start is published itself', async () => {
  const rig = new Rig(['w'], { flows: flow('?F@ASYNC?Got'), handlers: { Got: adds('seen') } })
  rig.add('a')
  assert.is(rig.published[0]?.topic, 'F~ASYNC~~F~Got~')
  rig.conductor.waits.complete(rig.published[0]?.header.token as string, { n: 1 })
  await settle(rig)
  assert.equal(rig.valuesOf(rig.told[0]), { n: 1, seen: true })
})

test('a wait is over its time: the step failed; a whole message: it expired', async () => {
  const flows = flow('Subject?F@PUBLISH?ask', '?F@ASYNC?answer')
  const rig = new Rig(['w'], { flows, handlers: {} })
  rig.add('step', { wait: 50 })
  rig.add('whole', { timeout: 100 })
  const [{ dueAt } = { dueAt: 0 }] = rig.conductor.waits.list()
  rig.conductor.waits.expire(dueAt - 1)
  assert.is(rig.told.length, 0)
  rig.conductor.waits.expire(dueAt)
  assert.equal(rig.codes, ['ETIMEDOUT'])
  rig.holdings.expire(100)
  assert.equal(rig.codes, ['ETIMEDOUT', 'ETIMEDOUT'])
  const { failed, expired, waiting, inFlight } = rig.totals()
  assert.equal(
    { failed, expired, waiting, inFlight },
    { failed: 1, expired: 1, waiting: 0, inFlight: 0 },
  )
})

test('a wait that fails or is cancelled fails its message', async () => {
  const rig = new Rig(['w'], { flows: flow('?F@ASYNC?answer'), handlers: {} })
  rig.add('a')
  rig.add('b')
  const [a, b] = rig.conductor.waits.list()
  const error = { code: 'ENOSERVICE', step: '?F?x', message: 'gone', retryable: false }
  assert.ok(rig.conductor.waits.fail(a?.token as string, error))
  assert.ok(rig.conductor.waits.cancel(b?.token as string))
  assert.equal(rig.codes, ['ENOSERVICE', 'ECANCELED'])
})

test('what waits is kept for a crash, and goes on from there', () => {
  const flows = flow('Subject?F@PUBLISH?ask', '?F@ASYNC?answer')
  const before = new Rig(['w'], { flows, handlers: {} })
  before.add('a', {}, 0, 'F', { n: 1 })
  const kept = decodeEnvelope(before.kept.get('a') ?? [])
  const after = new Rig(['w'], { flows, handlers: {} })
  after.ledger.accept('a', 'F')
  void after.conductor.take(kept, 0)
  assert.is(after.published.length, 0, 'it was asked before')
  assert.ok(after.conductor.waits.complete(before.published[0]?.header.token as string, { m: 2 }))
  assert.equal(after.valuesOf(after.told[0]), { n: 1, m: 2 })
})

test('a component of this process answers a published step, before an ASYNC step or not', async () => {
  for (const lines of [
    ['?F?One', '??ask', '?F?Two'],
    ['??ask', '?F@ASYNC?answer', '?F?Two'],
  ]) {
    const handlers = { One: adds('one'), Two: adds('two') }
    const rig = new Rig(['w'], { flows: flow(...lines), handlers })
    const pattern = ActionKey.parse('??ask')
    const away = rig.conductor.responders.add(pattern, ({ n }) => ({ doubled: (n as number) * 2 }))
    rig.add('a', {}, 0, 'F', { n: 4 })
    await settle(rig)
    const { doubled, two } = rig.valuesOf(rig.told[0])
    assert.equal({ doubled, two }, { doubled: 8, two: true })
    const { token, isAnswered } = decodeEnvelope(rig.kept.get('a') ?? []).header
    assert.equal([token, isAnswered], [undefined, true], 'it would wait for ever after a crash')
    away()
    rig.add('b')
    await settle(rig)
    assert.is(rig.told.length, lines.length === 3 && lines[0] === '??ask' ? 1 : 2)
  }
})

test('what a component throws is the error of its step', async () => {
  const rig = new Rig(['w'], { flows: flow('??ask', '?F?Two'), handlers: { Two: adds('two') } })
  rig.conductor.responders.add(ActionKey.parse('??ask'), () => {
    throw new ZmqError('ENOENT', 'no such service')
  })
  rig.add('a')
  await settle(rig)
  assert.equal(rig.codes, ['ENOENT'])
  assert.is(rig.told[0]?.header.error?.step, '??ask')
})

const GROUP = flow('& ?F?A', '& ?F?B', '& ?F@PUBLISH?tell', '& ?F@ASYNC?answer', '?F?Last')

test('a group: branches run from the same values on several workers, and are joined in order', async () => {
  const handlers: Record<string, Handle> = {
    A: ({ n }) => ({ n: (n as number) + 1, a: true }),
    B: () => undefined,
    Last: adds('last'),
  }
  const rig = new Rig(['u', 'v'], { flows: GROUP, handlers })
  rig.add('a', {}, 0, 'F', { n: 1 })
  assert.equal([rig.has('u').length, rig.has('v').length], [1, 1])
  assert.equal(
    rig.published.map(({ topic }) => topic),
    ['F~PUBLISH~~F~tell~', 'F~ASYNC~~F~answer~'],
  )
  await settle(rig, 'u', 'v')
  assert.is(rig.told.length, 0, 'a branch waits')
  rig.conductor.waits.complete(rig.conductor.waits.list()[0]?.token as string, { c: 3 })
  await settle(rig, 'u', 'v')
  assert.equal(rig.valuesOf(rig.told[0]), { n: 2, a: true, c: 3, last: true })
  assert.is(rig.told[0]?.header.fork, undefined)
})

test('a branch that fails fails its message at once: what waits or is queued of it goes', async () => {
  const handlers = { A: breaks, B: adds('b'), Last: adds('last') }
  const rig = new Rig(['w'], { flows: GROUP, handlers, prefetch: 1 })
  rig.add('a')
  await rig.work('w')
  assert.equal(rig.codes, ['EBROKEN'])
  assert.is(rig.conductor.waits.size, 0)
  await settle(rig)
  const { failed, inFlight, duplicates, queue } = rig.totals()
  assert.equal([failed, inFlight, duplicates, queue], [1, 0, 1, 0])
})

test('the worker of a branch dies: the group fails, or at least once the branch goes again', async () => {
  const flows = flow('& ?F?A', '& ?F?B')
  const handlers = { A: adds('a'), B: adds('b') }
  for (const delivery of ['at-most-once', 'at-least-once'] as const) {
    const rig = new Rig(['u', 'v'], { flows, handlers })
    rig.add('a', { delivery })
    rig.die('u')
    await settle(rig, 'u', 'v')
    assert.equal(outcomes(rig), [delivery === 'at-most-once' ? 'failed' : 'done'])
    const kept = [...rig.kept.values()].map((stage) => decodeEnvelope(stage).header)
    assert.ok(
      kept.every(({ fork }) => fork === undefined),
      'after a crash all branches run, not one alone',
    )
  }
})

test('a branch that kills workers makes a dead letter of the whole message, which can be sent again', async () => {
  const flows = flow('?F?First', '& ?F?A', '& ?F?B')
  const handlers = { First: adds('first'), A: adds('a'), B: adds('b') }
  const rig = new Rig(['w'], { flows, handlers, prefetch: 0 })
  rig.add('a', { delivery: 'at-least-once', attempts: 1 })
  await rig.work('w')
  await new Promise(setImmediate)
  rig.die('w')
  assert.is(rig.totals().dead, 1)
  await rig.holdings.deadLetters.sendAgain('a', async ({ letter, body }) => {
    assert.equal([letter.header.step, letter.header.fork], [2, undefined])
    rig.ledger.accept('a', 'F')
    void rig.conductor.take({ topic: '', header: letter.header, body }, 0)
  })
  await settle(rig)
  assert.equal(rig.valuesOf(rig.told.at(-1)), { first: true, a: true, b: true })
})

test('strikes are kept for a crash, and add up over it', () => {
  const before = new Rig(['w'])
  before.add('a', { delivery: 'at-least-once', attempts: 2 })
  before.die('w')
  const kept = decodeEnvelope(before.kept.get('a') ?? [])
  assert.equal([kept.header.strikes, kept.header.attempt], [1, 2])
  const after = new Rig(['w'])
  after.policy('a', { delivery: 'at-least-once', attempts: 2 })
  after.ledger.accept('a', 'F')
  void after.conductor.take(kept, 0)
  after.die('w')
  assert.is(after.totals().dead, 1)
})

const CAUGHT = `[F]\ncatch = ??undo\n?F?Push\n?F?One\n?F?Two\n??done\n`

test('the catch step has its turn once, and the message fails with the first error', async () => {
  const seen: Values[] = []
  const undo: Handle = (values) => {
    seen.push(values)
    throw new Error('the second error')
  }
  const handlers = { One: adds('one'), Two: breaks, undo }
  const rig = new Rig(['w'], { flows: CAUGHT, handlers })
  rig.add('a', {}, 0, 'F', { n: 1 })
  await settle(rig)
  assert.equal(seen, [{ n: 1 }], 'with the values its worker began with')
  assert.equal(rig.codes, ['EBROKEN'])
  assert.is(rig.totals().failed, 1)
})

test('a lost worker, a time that is over and a wait are caught too; a catch step without a mapping is published', async () => {
  const undone: string[] = []
  const handlers: Record<string, Handle> = {
    One: adds('one'),
    Two: adds('two'),
    undo: ({ name }) => void undone.push(name as string),
  }
  const rig = new Rig(['w'], { flows: CAUGHT, handlers, prefetch: 0 })
  rig.add('lost', {}, 0, 'F', { name: 'lost' })
  rig.die('w')
  await settle(rig)
  rig.add('late', { timeout: 10 }, 0, 'F', { name: 'late' })
  rig.holdings.expire(10)
  await rig.work('w') // the late end of its first step
  await settle(rig)
  assert.equal(undone, ['lost', 'late'])
  assert.equal(rig.codes, ['EWORKERLOST', 'ETIMEDOUT'])
  const { failed, expired } = rig.totals()
  assert.equal([failed, expired], [1, 1])
  const told = new Rig(['w'], { flows: CAUGHT, handlers: { One: breaks, Two: breaks } })
  told.add('a')
  await settle(told)
  assert.is(told.published[0]?.topic, 'F~~~~undo~')
  assert.is(told.published[0]?.header.error?.code, 'EBROKEN')
  assert.equal(told.codes, ['EBROKEN'])
})

test('the worker of a catch step dies: the message fails as it would have, and is no dead letter', async () => {
  const handlers = { One: breaks, Two: breaks, undo: adds('undone') }
  const rig = new Rig(['w'], { flows: CAUGHT, handlers, prefetch: 0 })
  rig.add('a', { delivery: 'at-least-once', attempts: 1 })
  await rig.work('w')
  assert.equal(rig.has('w'), ['a\0caught'])
  rig.die('w')
  const { dead, deadLetters } = rig.totals()
  assert.equal([dead, deadLetters, rig.codes], [0, 0, ['EBROKEN']])
})

test('a catch step that goes again is not what runs after a crash', async () => {
  const rig = new Rig(['w'], {
    flows: CAUGHT,
    handlers: { One: breaks, Two: breaks, undo: adds('undone') },
    prefetch: 0,
  })
  rig.add('a', { delivery: 'at-least-once', attempts: 2 })
  await rig.work('w')
  rig.die('w')
  assert.equal(rig.has('w'), ['a\0caught'])
  assert.is(rig.kept.size, 0)
  await settle(rig)
  assert.equal(rig.codes, ['EBROKEN'])
})

test('a control step is published for the workers, and ends its message', () => {
  const rig = new Rig(['w'], { flows: flow('IntegrationManager?U@ROUTING_WORKER?update') })
  rig.add('a')
  assert.is(rig.told[0]?.topic, 'F~ROUTING_WORKER~IntegrationManager~U~update~')
  assert.equal(outcomes(rig), ['done'])
})

test('a message without a flow may be published, waited for, or run', async () => {
  const rig = new Rig(['w'], { handlers: { run: adds('ran'), got: adds('got') } })
  const header = (id: string, key: string) => {
    rig.ledger.accept(id, '')
    const rest = { flow: '', version: '', step: 0, format: 'msgpack', at: 0, attempt: 1 }
    return { topic: '', header: { id, key, ...rest }, body: Uint8Array.of(0x80) }
  }
  void rig.conductor.take(header('r', '?c?run'), 0)
  void rig.conductor.take(header('p', '?c@PUBLISH?run'), 0)
  void rig.conductor.take(header('w', '?c@ASYNC?got'), 0)
  await settle(rig)
  rig.conductor.waits.complete(rig.conductor.waits.list()[0]?.token as string, { n: 1 })
  await settle(rig)
  const ended = rig.told.map((end) => [end.header.id, end.topic, rig.valuesOf(end)])
  assert.equal(ended, [
    ['p', '~PUBLISH~~c~run~', {}],
    ['r', '~~~~done~', { ran: true }],
    ['w', '~~~~done~', { n: 1, got: true }],
  ])
})

test('an answer that was taken outlives a crash: the step behind it runs with it', async () => {
  const flows = flow('?F@ASYNC?Got', '?F?Two')
  const handlers = { Got: adds('got'), Two: adds('two') }
  const before = new Rig(['w'], { flows, handlers })
  before.add('a')
  before.conductor.waits.complete(before.published[0]?.header.token as string, { n: 1 })
  const after = new Rig(['w'], { flows, handlers })
  after.ledger.accept('a', 'F')
  void after.conductor.take(decodeEnvelope(before.kept.get('a') ?? []), 0)
  await settle(after)
  assert.equal(after.valuesOf(after.told[0]), { n: 1, got: true, two: true })
})

test('a branch whose values cannot be read fails its message; its token is nowhere to be seen', async () => {
  const rig = new Rig(['u', 'v'], { flows: GROUP, handlers: { A: adds('a'), B: adds('b') } })
  rig.add('a')
  assert.equal(
    rig.published.map(({ header }) => header.fork),
    [undefined, undefined],
  )
  const work = rig.holdings.dispatch.lane('u')?.has(`a\0${forkOf(rig)}\0${1}`)
  const { header } = some(work).received
  rig.passes({
    topic: '',
    header: { ...header, outcome: 'done', worker: 'u' },
    body: Uint8Array.of(0xc1),
  })
  assert.equal(rig.codes, ['EINVAL'])
  assert.is(rig.totals().inFlight, 0)
})

test('what nobody has is not carried on, whoever says so', () => {
  const rig = new Rig(['w'], { flows: flow('?F@ASYNC?x'), handlers: {} })
  rig.conductor.responders.add(ActionKey.parse('??served'), () => {})
  rig.add('a')
  const { header, body } = some(rig.published[0])
  for (const id of ['a', 'made up'])
    for (const key of ['?F@ASYNC?x', '??served'])
      for (const outcome of ['continued', 'done'] as const)
        if (outcome === 'continued' || id !== 'a')
          assert.not(rig.passes({ topic: '', header: { ...header, id, key, outcome }, body }))
  const { waiting, duplicates, inFlight } = rig.totals()
  assert.equal([waiting, duplicates, inFlight], [1, 6, 1])
})

test('a message that is sent again after its time is not taken for its old run, nor does its line stop', async () => {
  const rig = new Rig(['v', 'w'], { prefetch: 0 })
  rig.add('m', { timeout: 10 }, 0)
  rig.holdings.expire(10)
  rig.add('m')
  assert.equal([rig.has('v'), rig.has('w')], [['m'], ['m']])
  assert.is(rig.end('v'), false, 'the late end of the old run')
  assert.is(rig.ledger.inFlight, 1)
  assert.is(rig.end('w'), true)
  assert.equal(outcomes(rig), ['failed', 'done'])
  const line = new Rig(['w'], { prefetch: 5 })
  line.add('m', { timeout: 10, orderBy: 'k' }, 0, 'F', { k: 1 })
  line.holdings.expire(10)
  line.add('m', { orderBy: 'k' }, 0, 'F', { k: 1 })
  assert.is(line.totals().workers['w']?.leases, 2)
  assert.is(line.end('w'), false)
  line.die('w')
  line.add('n', { orderBy: 'k' }, 0, 'F', { k: 1 })
  assert.equal(line.has('w'), ['n'])
})

test('ESTOPPED is not caught: with a journal the message runs again', () => {
  const handlers = { One: adds('one'), Two: adds('two'), undo: adds('undone') }
  const rig = new Rig([], { flows: CAUGHT, handlers })
  rig.add('a')
  rig.holdings.failWaiting(new ZmqError('ESTOPPED', 'the end'))
  assert.equal(rig.codes, ['ESTOPPED'])
  assert.is(rig.totals().queue, 0)
})

test('when a branch failed and the message is caught, nothing of the group waits any more', async () => {
  const flows = `[F]\ncatch = ??undo\n& ?F?A\n& ?F@ASYNC?B\n??done\n`
  const ran: string[] = []
  const handlers = { A: breaks, B: () => void ran.push('B'), undo: () => void ran.push('undo') }
  const rig = new Rig(['w'], { flows, handlers })
  rig.add('a')
  const [wait] = rig.conductor.waits.list()
  await rig.work('w')
  assert.not(rig.conductor.waits.complete(wait?.token as string, {}))
  await settle(rig)
  assert.equal(ran, ['undo'])
})

test('whatever a component throws, its step fails with a text', async () => {
  for (const thrown of [Object.create(null), Object.assign(new Error(), { message: 5 })]) {
    const rig = new Rig(['w'], { flows: flow('??ask', '?F?Two'), handlers: { Two: adds('two') } })
    rig.conductor.responders.add(ActionKey.parse('??ask'), () => {
      throw thrown
    })
    rig.add('a')
    await settle(rig)
    assert.equal(rig.codes, ['EHANDLER'])
    assert.type(rig.told[0]?.header.error?.message, 'string')
  }
})

test('random flows, crashes, answers and clocks: every message ends once, and the sums hold at every moment', async () => {
  const step = fc.constantFrom(
    '?F?A',
    '?F?B',
    '?F?C',
    '?F@PUBLISH?p',
    '?F@ASYNC?w',
    '& ?F?A',
    '& ?F@ASYNC?x',
    '& ?F?D',
  )
  const flows = fc.record({
    steps: fc.array(step, { maxLength: 6 }),
    caught: fc.constantFrom('', 'catch = ??undo\n', 'catch = ??nobody\n'),
  })
  const worker = fc.constantFrom('u', 'v')
  const policy = fc.record({
    delivery: fc.constantFrom('at-least-once' as const, 'at-most-once' as const),
    attempts: fc.integer({ min: 1, max: 3 }),
    timeout: fc.constantFrom(0, 30),
  })
  const id = fc.nat(15).map(String)
  const event = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), id, policy }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('work' as const), worker }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('answer' as const),
        nth: fc.nat(3),
        ok: fc.boolean(),
      }),
    },
    fc.record({ do: fc.constant('die' as const), worker, hung: fc.boolean() }),
    fc.record({ do: fc.constant('time' as const), ms: fc.nat(20) }),
    fc.record({ do: fc.constant('no workers' as const) }),
  )
  const error = { code: 'EX', step: '', message: '', retryable: false }
  const run = async (
    made: { steps: string[]; caught: string },
    events: (typeof event extends fc.Arbitrary<infer E> ? E : never)[],
  ) => {
    const handlers = { A: adds('a'), B: () => undefined, C: breaks, undo: breaks }
    const rig = new Rig(['u', 'v'], {
      flows: `[F]\n${made.caught}${made.steps.join('\n')}\n`,
      handlers,
    })
    let now = 0
    const check = () => {
      const { accepted, inFlight, flows: counted, ...t } = rig.totals()
      const ended = t.done + t.failed + t.expired + t.dead
      assert.is(accepted, ended + inFlight)
      assert.is(counted['F']?.inFlight ?? 0, inFlight)
      assert.is(ended, rig.told.length)
      assert.ok(t.queue >= 0)
    }
    for (const e of events) {
      if (e.do === 'add') rig.add(e.id, e.policy, now)
      else if (e.do === 'work') await rig.work(e.worker)
      else if (e.do === 'die') rig.die(e.worker, e.hung)
      else if (e.do === 'time') {
        now += e.ms
        rig.holdings.expire(now)
      } else if (e.do === 'answer') {
        const token = rig.conductor.waits.list()[e.nth]?.token ?? 'none'
        if (e.ok) rig.conductor.waits.complete(token, { answered: true })
        else rig.conductor.waits.fail(token, error)
      } else rig.holdings.failWaiting(new ZmqError('ENOWORKERS', 'none'))
      check()
    }
    // Everything ends, and nothing is left anywhere.
    for (let round = 0; rig.ledger.inFlight > 0 && round < 200; round++) {
      await settle(rig, 'u', 'v')
      for (const { token } of rig.conductor.waits.list()) rig.conductor.waits.complete(token)
    }
    check()
    const { inFlight, waiting, queue } = rig.totals()
    assert.equal({ inFlight, waiting, queue }, { inFlight: 0, waiting: 0, queue: 0 })
  }
  await fc.assert(fc.asyncProperty(flows, fc.array(event, { maxLength: 60 }), run), {
    numRuns: 200,
  })
})

test.run()

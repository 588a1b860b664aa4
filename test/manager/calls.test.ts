// What handlers can do beside giving values: call other actions, and choose what comes next.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type FlowError, ZManager as Manager, type ZManager } from '../../src/index.ts'
import { within } from '../support/index.ts'
import { writeFixture } from './fixture.ts'
import { writeModule } from './module-fixture.ts'

const LIMIT_MS = 20_000

const MODULE = writeModule(`
const note = (values, ...names) => ({ ...values, path: [...(values.path ?? []), ...names] })

// Calls
export const price = defineHandler('?Shop?Price', ({ kind }) => {
  if (kind === 'gold') throw Object.assign(new Error('too dear'), { code: 'EDEAR' })
  return { price: 5 }
})
export const keep = defineHandler('?Shop?Keep', (values) => void (values.mine = true))
export const seen = defineHandler('?Shop?Seen', (_, { id, flow, key, worker, attempt, deadline }) => (
  { id, flow, key, worker, attempt, deadline }
))
export const deeper = defineHandler('?Shop?Deeper', ({ depth }, context) =>
  depth === 0 ? { reached: true } : context.call('Deeper', { depth: depth - 1 }))
export const chooser = defineHandler('?Shop?Chooser', (_, context) => context.next('?Shop?Price'))
export const buy = defineHandler('?Shop?Buy', async ({ call, values = {} }, context) =>
  ({ answer: await context.call(call, values), values, id: context.id }))
export const careful = defineHandler('?Shop?Careful', async (_, context) => {
  const error = await context.call('?Shop?Price', { kind: 'gold' }).catch((reason) => reason)
  return { code: error.code, cause: error.cause.message }
})
export const Buy = defineFlow('Buy', [buy], { timeout: 60_000 })
export const Careful = defineFlow('Careful', [careful])
export const Go = defineFlow('Go', ['?Shop?Deeper'])

// Choices
export const first = defineHandler('?Way?First', (values, context) => {
  if (values.next) context.next(values.next)
  if (values.twice) context.next(values.twice)
  return note(values, 'first')
})
export const extra = defineHandler('?Way?Extra', (values, context) => {
  if (values.more) context.next('?Way?More')
  return note(values, 'extra')
})
export const more = defineHandler('?Way?More', (values) => note(values, 'more'))
export const round = defineHandler('?Way?Round', ({ left, ...values }, context) => {
  if (left > 0) context.next('?Way?Round')
  return { ...values, left: left - 1 }
})
export const second = defineHandler('?Way?Second', (values) => note(values, 'second'))
let late
export const late1 = defineHandler('?Way?Late', (values, context) => {
  late = context
})
export const late2 = defineHandler('?Way?Later', () => late.next('?Way?More'))
const next = 'handler'
export const Way = defineFlow('Way', [first, second], { next })
export const Fixed = defineFlow('Fixed', [first, second])
export const Round = defineFlow('Round', [round, second], { next })
export const Late = defineFlow('Late', [late1, late2], { next })
export const Both = defineFlow('Both', [[first, second]], { next })
export const Caught = defineFlow('Caught', ['?Shop?Price'], { next, catch: first })
`)
type Request = (flow: string, values: Record<string, unknown>) => Promise<Record<string, unknown>>

let manager: ZManager
test.before(async () => {
  const file = writeFixture('tcp', { workers: 1, lines: `modules = ${MODULE}` })
  manager = Manager.fromFile(file)
  await within(LIMIT_MS, manager.start(), 'the manager starts')
})
test.after(() => within(LIMIT_MS, manager.stop(), 'the manager stops'))

const withShop = (body: (request: Request) => Promise<void>): Promise<void> =>
  body((flow, values) => manager.request(flow, values, { timeout: LIMIT_MS }))

async function failure(answer: Promise<unknown>): Promise<FlowError> {
  const error = await within(
    LIMIT_MS,
    answer.then(
      (values) => assert.unreachable(JSON.stringify(values)),
      (reason) => reason,
    ),
    'a failure',
  )
  assert.is(error.name, 'FlowError', error.stack)
  return error
}

test('call runs another action in this worker and gives what that gives', async () => {
  await withShop(async (request) => {
    assert.equal((await request('Buy', { call: '?Shop?Price' }))['answer'], { price: 5 })
    assert.equal((await request('Buy', { call: 'Price' }))['answer'], { price: 5 }, 'same context')
    assert.equal(await request('Careful', {}), { code: 'EDEAR', cause: 'too dear' })
  })
})

test('what is called has a copy of the values, which it keeps where it returns none', async () => {
  await withShop(async (request) => {
    const { answer, values } = await request('Buy', { call: 'Keep', values: { n: 1 } })
    assert.equal([answer, values], [{ n: 1, mine: true }, { n: 1 }])
  })
})

test('what is called has the message’s context, under its own key', async () => {
  await withShop(async (request) => {
    const { answer, id } = await request('Buy', { call: 'Seen' })
    const { worker, deadline, ...rest } = answer as Record<string, unknown>
    assert.equal(rest, { id, flow: 'Buy', key: '?Shop?Seen', attempt: 1 })
    assert.match(String(worker), /^worker-[12]$/)
    assert.ok(Math.abs(Number(deadline) - Date.now() - 60_000) < LIMIT_MS)
  })
})

test('a call that fails fails the step, if it is not caught, with its code and the way to it', async () => {
  await withShop(async (request) => {
    const { code, message } = await failure(
      request('Buy', { call: '?Shop?Price', values: { kind: 'gold' } }),
    )
    assert.equal([code, message], ['EDEAR', '?Shop?Buy: ?Shop?Price: too dear'])
    const late = await failure(request('Way', { next: '?Shop?Price', kind: 'gold' }))
    assert.equal([late.code, late.step], ['EDEAR', '?Shop?Price'], 'the step that failed')
    const unknown = await failure(request('Buy', { call: '?Nobody?Knows' }))
    assert.equal(
      [unknown.code, unknown.message],
      ['ENOENT', '?Shop?Buy: No mapping knows ?Nobody?Knows'],
    )
    assert.is((await failure(request('Buy', { call: '?Shop@PUBLISH?Price' }))).code, 'EINVAL')
    assert.is((await failure(request('Buy', { call: 'no key' }))).code, 'EINVAL')
    const chosen = await failure(request('Buy', { call: 'Chooser' }))
    assert.is(chosen.code, 'EPERM')
    assert.match(chosen.message, /only the handler of a step chooses the next/)
  })
})

test('calls within each other end with ELOOP', async () => {
  await withShop(async (request) => {
    assert.equal(await request('Go', { depth: 32 }), { reached: true })
    const { code, message } = await failure(request('Go', { depth: 33 }))
    assert.is(code, 'ELOOP')
    assert.match(message, /32 calls within each other/)
  })
})

test('a handler chooses an action more, which may choose again; then the flow goes on', async () => {
  await withShop(async (request) => {
    assert.equal((await request('Way', {}))['path'], ['first', 'second'])
    const chosen = await request('Way', { next: '?Way?Extra' })
    assert.equal(chosen['path'], ['first', 'extra', 'second'])
    const chain = await request('Way', { next: '?Way?Extra', more: true })
    assert.equal(chain['path'], ['first', 'extra', 'more', 'second'])
    assert.equal((await request('Way', { next: '??done' }))['path'], ['first'])
  })
})

test('a message has 100 choices at most', async () => {
  await withShop(async (request) => {
    assert.equal(await request('Round', { left: 100 }), { left: -1, path: ['second'] })
    const { code, message } = await failure(request('Round', { left: 101 }))
    assert.equal([code, /handlers chose 100 steps before it/.test(message)], ['ELOOP', true])
  })
})

test('choosing is refused where it would mean nothing', async () => {
  await withShop(async (request) => {
    const cases: [flow: string, values: Record<string, unknown>, code: string, message: RegExp][] =
      [
        ['Fixed', { next: '?Way?More' }, 'EPERM', /unless it has the line next = handler/],
        ['Way', { next: '?Way?More', twice: '?Way?Extra' }, 'EPERM', /chose \?Way\?More already/],
        ['Way', { next: '?Nobody?Knows' }, 'EINVAL', /no worker runs it: publish it, or name/],
        ['Way', { next: '?Way@PUBLISH?More' }, 'EINVAL', /no worker runs it/],
        ['Way', { next: '?Way?Push' }, 'EINVAL', /no worker runs it/],
        ['Way', { next: 'More' }, 'EINVAL', /not an action key/],
        ['Late', {}, 'EPERM', /its step is over/],
        ['Both', { next: '?Way?More' }, 'EPERM', /in parallel have one way/],
        ['Caught', { kind: 'gold', next: '?Way?More' }, 'EDEAR', /too dear/],
      ]
    for (const [flow, values, code, message] of cases) {
      const error = await failure(request(flow, values))
      assert.is(error.code, code, error.message)
      assert.match(error.message, message)
    }
  })
})

test.run()

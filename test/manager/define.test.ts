// Handlers and flows defined in code: the same flow as its text, schemas, and modules loaded by workers.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../src/core/errors.ts'
import { loadFlows } from '../../src/flow/load.ts'
import {
  configOf,
  defineFlow,
  defineHandler,
  type HandlerContext,
  type StandardSchema,
  type Values,
  ZManager,
} from '../../src/index.ts'
import { loadConfig } from '../../src/manager/config.ts'
import { within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'
import { withManager, writeFixture } from './fixture.ts'
import { writeModule } from './module-fixture.ts'

const LIMIT_MS = 20_000
const context = {} as HandlerContext

/** Takes texts, gives their lengths. */
const lengths: StandardSchema<{ text: string }, { length: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const { text } = value as { text?: unknown }
      if (typeof text === 'string') return { value: { length: text.length } }
      return { issues: [{ message: 'not a text', path: ['text', { key: 0 }] }, { message: 'odd' }] }
    },
  },
}

function refusal(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    assert.instance(error, ZmqError)
    assert.is((error as ZmqError).code, 'EINVAL')
    return (error as ZmqError).message
  }
  return assert.unreachable() as never
}

test('schemas that are none, and steps that are no array, are refused with what to give', () => {
  const make = (schemas: object) => () => defineHandler('?Shop?Check', schemas, () => undefined)
  assert.match(refusal(make({ inputs: lengths })), /are input and output, not inputs/)
  for (const input of [null, 5, {}, { '~standard': {} }])
    assert.match(refusal(make({ input })), /The input of \?Shop\?Check is no schema/)
  for (const steps of [undefined, '?Shop?Check', {}])
    assert.match(
      refusal(() => defineFlow('Shop', steps as never)),
      /steps of the flow Shop are an array/,
    )
})

test('a flow in code is the flow of its text', () => {
  const check = defineHandler('Subject?Shop?Check', (values) => values)
  const made = defineFlow(
    'Shop',
    ['?Shop?Push', check, ['?Shop?A', '?Shop@X?B'], 'A?Shop?C', '??done'],
    {
      delivery: 'at-least-once',
      attempts: 5,
      orderBy: 'client',
      format: 'json',
      next: 'handler',
      timeout: 0,
      catch: '?Shop?Undo',
    },
  )
  const text = `[Shop]
delivery = at-least-once
attempts = 5
order_by = client
format = json
next = handler
catch = ?Shop?Undo
?Shop?Push
Subject?Shop?Check
& ?Shop?A
& ?Shop@X?B
A?Shop?C
??done`
  const [read] = loadFlows(text, 'f.ini').flows
  const { name, version, steps, groups, policy, catchKey } = made
  assert.equal({ name, version, steps, groups, policy, catchKey }, read)
  assert.equal(made.handlers, [check])
  assert.is(
    defineFlow('Shop', [check]).version,
    loadFlows('[Shop]\nSubject?Shop?Check\n??done', '').flows[0]?.version,
  )
})

test('what an ini file is warned of is refused in code', () => {
  const step = '?a?b'
  assert.match(
    refusal(() => defineFlow('', [step])),
    /A flow needs a name/,
  )
  assert.match(
    refusal(() => defineFlow('a]b', [step])),
    /use a name without "\]"/,
  )
  assert.match(
    refusal(() => defineFlow('F', ['nonsense'])),
    /not an action key/,
  )
  assert.match(
    refusal(() => defineFlow('F', ['?a?b comment'])),
    /leave out the rest/,
  )
  assert.match(
    refusal(() => defineFlow('F', [[step]])),
    /cannot be a parallel group/,
  )
  assert.match(
    refusal(() =>
      defineFlow('F', [
        [step, step],
        [step, step],
      ]),
    ),
    /need a step between/,
  )
  assert.match(
    refusal(() => defineFlow('F', [step], { attempts: 0 })),
    /"0" is no attempts, write/,
  )
  assert.match(
    refusal(() => defineFlow('F', [step], { retries: 1 } as object)),
    /no option "retries"/,
  )
  assert.match(
    refusal(() => defineFlow('F', [step], { catch: '??done' })),
    /no catch/,
  )
  assert.match(
    refusal(() => defineFlow('F', [{} as never])),
    /made by defineHandler/,
  )
  assert.match(
    refusal(() => defineHandler('x', () => {})),
    /not an action key/,
  )
  assert.match(
    refusal(() => defineHandler('?a?b ', () => {})),
    /leave out the rest/,
  )
  assert.match(
    refusal(() => defineHandler('?a?b', {} as never)),
    /is a function/,
  )
})

test('schemas check and change what goes in and out', async () => {
  const given: Values[] = []
  const both = defineHandler('?a?b', { input: lengths, output: lengths }, (values) => {
    given.push(values)
    return { text: 'x'.repeat(values.length + 1) }
  })
  assert.equal(await both.run({ text: 'four' }, context), { length: 5 })
  assert.equal(given, [{ length: 4 }])
  const bad = await Promise.resolve(both.run({ text: 5 }, context)).catch((error) => error)
  assert.equal(
    [bad.code, bad.message],
    ['EINVAL', 'its input does not fit: text.0: not a text; odd'],
  )
  assert.is(given.length, 1, 'the handler did not see it')
  const wrong = defineHandler('?a?b', { output: lengths }, () => ({}) as { text: string })
  const error = await Promise.resolve(wrong.run({}, context)).catch((reason) => reason)
  assert.equal([error.code, /^its output does not fit/.test(error.message)], ['EHANDLER', true])
  const keeps = defineHandler('?a?b', { input: lengths }, () => {})
  assert.equal(await keeps.run({ text: 'ab' }, context), { length: 2 }, 'no return: what was given')
})

test('types follow the schemas and the steps', async () => {
  const add = defineHandler('?T?Add', (values: { n: number }) => ({ ...values, sum: values.n + 1 }))
  const show = defineHandler('?T?Show', async ({ sum }: { sum: number }) => ({ text: `${sum}` }))
  const keep = defineHandler('?T?Keep', (_values: { text: string }) => {})
  const flow = defineFlow('T', ['?T?Push', add, show, keep, '??done'])
  const measured = defineFlow('M', [
    defineHandler('?T?M', { input: lengths }, ({ length }) => ({ length })),
  ])
  // @ts-expect-error: show gives a text, which add does not take
  defineFlow('T', [add, show, add])
  // @ts-expect-error: the output schema takes a text
  defineHandler('?T?X', { output: lengths }, () => ({ text: 5 }))
  const ask = async (manager: ZManager): Promise<void> => {
    const { text } = await manager.request(flow, { n: 1 })
    text.toUpperCase()
    const { length } = await manager.request(measured, { text: 'x' })
    length.toFixed()
    // @ts-expect-error: n is a number
    await manager.request(flow, { n: '1' })
    // @ts-expect-error: the answer has no sum
    ;(await manager.request(flow, { n: 1 })).sum
    // @ts-expect-error: there is no value m
    await manager.push(flow, { m: 1 })
    await manager.push('T', { anything: 1 })
  }
  assert.type(ask, 'function')
})

const MODULE = `
export const greet = defineHandler('?Hello?Greet', ({ name }: { name: string }) => ({ text: 'hello ' + name }))
const loud = defineHandler('?Hello?Loud', ({ text }: { text: string }) => ({ text: text.toUpperCase() }))
export const Hello = defineFlow('Hello', [greet, loud])
export default defineFlow('Mixed', ['?Work?First', greet])
`
const Hello = defineFlow('Hello', [
  defineHandler('?Hello?Greet', ({ name }: { name: string }) => ({ text: name })),
  defineHandler('?Hello?Loud', ({ text }: { text: string }) => ({ text })),
])

test('workers have what modules define, and ini files beside it', async () => {
  const lines = `modules = ${writeModule(MODULE)}`
  await withManager('inproc', { workers: 1, lines }, async (manager, reports) => {
    assert.ok(['Work', 'Hello', 'Mixed'].every((name) => manager.flows.includes(name)))
    const { text } = await within(LIMIT_MS, manager.request(Hello, { name: 'you' }), 'an answer')
    assert.is(text, 'HELLO YOU')
    assert.equal(await manager.request('Mixed', { name: 'me' }), { text: 'hello me' })
    assert.equal(await manager.request('Work', {}), { first: true, second: '!' })
    assert.equal(reports, [])
    assert.not(manager.warnings.some(({ file }) => file.endsWith('.mts')))
    const other = defineFlow('Hello', ['?Hello?Greet'])
    const error = await manager.request(other, { name: 'x' }).catch((reason) => reason)
    assert.is(error.code, 'ENOENT', 'another flow of this name')
  })
})

test('a push before start waits until it is known what modules define', async () => {
  const lines = `modules = ${writeModule(MODULE)}`
  const file = writeFixture('inproc', { workers: 1, lines })
  const manager = ZManager.fromFile(file, { report: () => {} })
  const early = manager.request(Hello, { name: 'you' })
  await within(LIMIT_MS, manager.start(), 'it starts')
  assert.is((await within(LIMIT_MS, early, 'an answer')).text, 'HELLO YOU')
  await manager.stop()
  const never = ZManager.fromFile(file, { report: () => {} })
  const pushed = never.push('Hello', {}).catch(({ code }) => code)
  await never.stop()
  assert.is(await within(LIMIT_MS, pushed, 'a refusal'), 'ESTOPPED')
})

test('workers that are processes have what modules define', async () => {
  const lines = `worker_type = process\nmodules = ${writeModule(MODULE)}`
  await withManager('tcp', { workers: 1, lines }, async (manager) => {
    const { text } = await within(LIMIT_MS, manager.request(Hello, { name: 'you' }), 'an answer')
    assert.is(text, 'HELLO YOU')
  })
})

test('a mapping may name a handler that was defined', async () => {
  const module = writeModule(`export const first = defineHandler('?X?Y', () => ({ mapped: true }))`)
  const config = loadConfig(writeFixture('inproc', { workers: 1 }))
  const actions = [{ file: module, text: `[actionmapping]\n?Work?First = ${module}#first` }]
  const manager = new ZManager({ ...config, actions: [...config.actions, ...actions] })
  await manager.start()
  assert.equal(await manager.request('Work', {}), { mapped: true, second: '!' })
  await manager.stop()
})

test('of one name defined twice the later counts, and that is reported', async () => {
  const again = writeModule(`
    export const greet = defineHandler('?Hello?Greet', () => ({ text: 'again' }))
    export const first = defineHandler('?Work?First', () => ({ first: 'module' }))
    export const Work = defineFlow('Work', [first])
  `)
  const lines = `modules = ${writeModule(MODULE)}, ${again}`
  await withManager('inproc', { workers: 1, lines }, async (manager, reports) => {
    assert.equal(await manager.request('Work', {}), { first: 'module' })
    assert.equal(await manager.request('Hello', { name: 'x' }), { text: 'AGAIN' })
    const told = reports.join('\n')
    for (const name of ['flow Work', '?Work?First', '?Hello?Greet'])
      assert.ok(told.includes(`${again}: ${name} replaces that of `), `${name} in ${told}`)
    assert.is(reports.length, 3)
  })
})

test('a reload imports modules anew', async () => {
  const file = writeModule(MODULE, 'changing.mts')
  const config = loadConfig(writeFixture('inproc', { workers: 1, lines: `modules = ${file}` }))
  const manager = new ZManager(config, { report: () => {} })
  await manager.start()
  assert.equal(await manager.request('Hello', { name: 'x' }), { text: 'HELLO X' })
  writeModule(MODULE.replace('[greet, loud]', '[greet]').replace('hello ', 'bye '), 'changing.mts')
  assert.equal((await manager.reload(config)).flows, ['Hello'])
  assert.equal(await manager.request('Hello', { name: 'x' }), { text: 'bye x' })
  await manager.stop()
})

test('modules that are missing, broken or empty are refused', async () => {
  const config = loadConfig(writeFixture('inproc', { workers: 1 }))
  const cases: [module: string, code: string, message: RegExp][] = [
    ['/no/such/module.mjs', 'ENOENT', /Cannot import the module \/no\/such\/module\.mjs/],
    [writeModule(`throw new Error('as it should')`), 'ENOENT', /as it should/],
    [writeModule(`export const x = 1`), 'EINVAL', /defines no handler and no flow: export what/],
  ]
  for (const [module, code, message] of cases) {
    const manager = new ZManager({ ...config, modules: [module] })
    const error = await manager.start().catch((reason) => reason)
    assert.is(error.code, code, error.message)
    assert.match(error.message, message)
  }
})

test('a configuration in code has the defaults of the file', () => {
  const folder = temporary()
  const file = join(folder, 'zmanager.ini')
  writeFileSync(file, '[ZManagerConfiguration]\n')
  const { controlAddress, controlIsDefault, ...config } = loadConfig(file)
  const made: Record<string, unknown> = { ...configOf({}) }
  for (const name of Object.keys(made))
    assert.equal(made[name], config[name as keyof typeof config], name)
  const { workerCount, flows } = configOf({ workerCount: 1 })
  assert.equal([workerCount, flows], [1, []])
})

test('load tells the flows before the start', async () => {
  const config = loadConfig(writeFixture('inproc', { workers: 1 }))
  const url = new URL(`file://${writeModule(MODULE)}`)
  const manager = new ZManager({ ...config, modules: [url] })
  assert.not(manager.flows.includes('Hello'))
  await manager.load()
  assert.ok(manager.flows.includes('Hello'))
  await manager.stop()
})

test.run()

// The option lines of a flow: what they set, and a warning for each slip.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadFlows } from '../../../src/flow/load.ts'
import { DEFAULT_POLICY } from '../../../src/flow/policy.ts'

const load = (...lines: string[]) => {
  const { flows, warnings } = loadFlows(['[F]', ...lines, '??done'].join('\n'), 'f.ini')
  const told = warnings.map(({ file, line, message }) => `${file}:${line}: ${message}`)
  return { flow: flows[0]!, warnings: told }
}
const versionOf = (...lines: string[]) => load(...lines).flow.version

test('a flow without options has the default policy', () => {
  assert.equal(load('??a').flow.policy, DEFAULT_POLICY)
  assert.is(load('??a').flow.catchKey, undefined)
})

test('options set the policy and are no steps', () => {
  const { flow, warnings } = load(
    'delivery = at-least-once',
    '?c?Push',
    'attempts = 5',
    'timeout=30000',
    '??a',
    'lease = 5000',
    'order_by = clientId',
    'format = json',
    'next = handler',
  )
  assert.equal(warnings, [])
  assert.equal(flow.steps.map(String), ['?c?Push', '??a', '??done'])
  assert.equal(flow.policy, {
    delivery: 'at-least-once',
    attempts: 5,
    timeout: 30000,
    lease: 5000,
    orderBy: 'clientId',
    format: 'json',
    next: 'handler',
    wait: 0,
  })
  assert.throws(() => Object.assign(flow.policy, { lease: 1 }), TypeError)
})

test('the name of an option is read without regard to case', () => {
  assert.is(load('Order_By = Id').flow.policy.orderBy, 'Id')
})

test('of two lines with one name the later counts, with a warning', () => {
  const { flow, warnings } = load('lease = 1', '??a', 'Lease = 2')
  assert.is(flow.policy.lease, 2)
  assert.equal(warnings, ['f.ini:4: option lease replaces an earlier one'])
})

test('an unknown option warns with the ones there are', () => {
  const { flow, warnings } = load('??a', 'retries = 3')
  assert.equal(flow.policy, DEFAULT_POLICY)
  assert.equal(warnings, [
    'f.ini:3: skipped: no option "retries", use one of ' +
      'delivery, attempts, timeout, lease, wait, order_by, format, next, catch',
  ])
  const slip = 'f.ini:2: skipped: no option "Timout", did you mean timeout?'
  assert.equal(load('Timout = 3', '??a').warnings, [slip])
})

test('a bad value warns with what to write, and the default stays', () => {
  const cases: [line: string, advice: string][] = [
    ['delivery = exactly-once', 'delivery = at-most-once or at-least-once'],
    ['attempts = 0', 'attempts = a whole number from 1'],
    ['attempts = 1.5', 'attempts = a whole number from 1'],
    ['timeout = 30s', 'timeout = whole milliseconds, 0 for no limit'],
    ['timeout = 99999999999999999999', 'timeout = whole milliseconds, 0 for no limit'],
    ['timeout = 5 ; ms', 'timeout = whole milliseconds, 0 for no limit'],
    ['lease = -1', 'lease = whole milliseconds, 0 for no limit'],
    ['lease =', 'lease = whole milliseconds, 0 for no limit'],
    ['order_by = client id', 'order_by = the name of a value'],
    ['order_by =', 'order_by = the name of a value'],
    ['format = xml', 'format = msgpack or json or raw'],
    ['next = caller', 'next = flow or handler'],
    ['catch = nonsense', 'catch = a key, Sender?Context?action'],
    ['catch = ?c?a # note', 'catch = a key, Sender?Context?action'],
    ['catch = ?c?', 'catch = a key, Sender?Context?action'],
    ['catch = ?c?Push', 'catch = a key, Sender?Context?action'],
    ['catch = ??done', 'catch = a key, Sender?Context?action'],
    ['catch = ?c@ASYNC?a', 'catch = a key, Sender?Context?action'],
    ['catch = ?c@ROUTING_WORKER?a', 'catch = a key, Sender?Context?action'],
    ['catch = ??a=b', 'catch = a key, Sender?Context?action'],
  ]
  for (const [line, advice] of cases) {
    const { flow, warnings } = load(line)
    const [name, value] = line.split(/ = ?/)
    assert.equal(warnings, [`f.ini:2: skipped: "${value}" is no ${name}, write ${advice}`])
    assert.equal(flow.policy, DEFAULT_POLICY)
    assert.is(flow.catchKey, undefined)
  }
})

test('catch names a key, which belongs to the flow', () => {
  const { flow, warnings } = load('??a', 'catch = Sender?Context@Mine?undo')
  assert.equal(warnings, [])
  assert.is(`${flow.catchKey}`, 'Sender?Context@Mine?undo')
  assert.is(flow.catchKey?.flow, 'F')
  assert.equal(flow.steps.map(String), ['??a', '??done'])
})

test('a step with "=" in its free text is no option', () => {
  const { flow, warnings } = load('??a # lease = 5')
  assert.equal(warnings, [])
  assert.is(flow.policy.lease, 0)
  assert.equal(flow.steps.map(String), ['??a', '??done'])
})

test('the version covers every option that changes something, in any order', () => {
  const lines = ['delivery = at-least-once', 'attempts = 4', 'timeout = 1', 'lease = 1']
  const all = [...lines, 'order_by = x', 'format = raw', 'next = handler', 'catch = ??undo']
  const versions = all.map((line) => versionOf(line, '??a'))
  assert.is(new Set([...versions, versionOf('??a')]).size, all.length + 1)
  assert.is(versionOf(...all, '??a'), versionOf('??a', ...all.reverse()))
})

test('an option that says what holds anyway leaves the version as it is', () => {
  assert.is(versionOf('attempts = 3', 'lease = 0', '??a'), versionOf('??a'))
})

test('order_by warns where messages have no values', () => {
  assert.equal(load('format = raw', 'order_by = x', '??a').warnings, [
    'f.ini:1: order_by = x has no effect: raw messages have no values to order by',
  ])
})

test('a section of options alone is an empty flow', () => {
  const { flows, warnings } = loadFlows('[F]\nlease = 1', 'f.ini')
  assert.equal(warnings, [])
  assert.is(flows[0]?.steps.length, 0)
  assert.is(flows[0]?.policy.lease, 1)
})

test('property: any option line is read or warns, and never throws or makes a step', () => {
  const names = ['delivery', 'attempts', 'timeout', 'lease', 'order_by', 'catch', '__proto__']
  const name = fc.oneof(fc.constantFrom(...names), fc.string())
  const value = fc.oneof(fc.string(), fc.integer().map(String), fc.constant('??a'))
  fc.assert(
    fc.property(name, value, (key, text) => {
      const line = `${key}= ${text}`.replace(/[\r\n?[;&]/g, '')
      const { flow, warnings } = load(line, '??a')
      assert.equal(flow.steps.map(String), ['??a', '??done'])
      assert.ok(warnings.length <= 1)
      if (warnings.length === 1) assert.equal(flow.policy, DEFAULT_POLICY)
      assert.equal(Object.keys(flow.policy), Object.keys(DEFAULT_POLICY))
    }),
  )
})

test.run()

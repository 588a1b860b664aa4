// Flows, their versions, and the table that looks them up.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../../src/core/errors.ts'
import { advance, FlowTable, isDone, isPush, makeFlow } from '../../../src/flow/flow.ts'
import { ActionKey } from '../../../src/topic/action-key.ts'
import { anyKey } from '../topic/arbitraries.ts'

const flowOf = (name: string, ...texts: string[]) => makeFlow(name, texts.map(ActionKey.parse))
const refuses = (act: () => unknown, code: string, pattern: RegExp) => {
  try {
    act()
  } catch (error) {
    assert.is((error as ZmqError).code, code)
    assert.match((error as ZmqError).message, pattern)
    return
  }
  assert.unreachable('nothing was thrown')
}

test('every step carries the name of its flow', () => {
  const flow = flowOf('F', '?c?Push', 'S?c?a', '??done')
  assert.equal(
    flow.steps.map((step) => `${step.flow} ${step}`),
    ['F ?c?Push', 'F S?c?a', 'F ??done'],
  )
})

test('a flow is frozen, its steps too, and the input array stays free', () => {
  const steps = [ActionKey.parse('??a')]
  const flow = makeFlow('F', steps)
  steps.push(ActionKey.parse('??b'))
  assert.is(flow.steps.length, 1)
  assert.throws(() => (flow.steps as ActionKey[]).push(ActionKey.parse('??b')), TypeError)
  assert.throws(() => Object.assign(flow, { version: 'x' }), TypeError)
})

test('the version depends on the steps and their order, not on the name', () => {
  assert.is(flowOf('F', '??a', '??b').version, flowOf('G', '??a', '??b').version)
  assert.is.not(flowOf('F', '??a', '??b').version, flowOf('F', '??b', '??a').version)
  assert.is.not(flowOf('F', '??a').version, flowOf('F', '??a', '??a').version)
})

test('the version is FNV-1a in hex, so it is the same on every machine', () => {
  assert.is(flowOf('F').version, '811c9dc5')
  assert.is(flowOf('F', '??a', '??done').version, 'ada147a2')
})

test('a flow needs a name that a key can carry', () => {
  refuses(() => flowOf(''), 'EINVAL', /needs a name/)
  refuses(() => flowOf('a~b'), 'EINVAL', /cannot be the flow of a key/)
})

test('Push and done are told by their action, done also by having no sender and context', () => {
  assert.is(isPush(ActionKey.parse('test?SubjectTest@PUBLISH?Push')), true)
  assert.is(isPush(ActionKey.parse('??push')), false)
  assert.is(isDone(ActionKey.parse('??done')), true)
  assert.is(isDone(ActionKey.parse('S??done')), false)
  assert.is(isDone(ActionKey.parse('?c?done')), false)
  assert.is(isDone(ActionKey.parse('??done2')), false)
})

test('the table finds flows by name, and the later of two counts', () => {
  const later = flowOf('F', '??b')
  const table = new FlowTable([flowOf('F', '??a'), flowOf('G'), later])
  assert.equal(table.names, ['F', 'G'])
  assert.is(table.get('F'), later)
  assert.is(table.get('H'), undefined)
  assert.is(table.find('F', later.version), later)
})

test('the table cannot be changed from outside', () => {
  const flows = [flowOf('F')]
  const table = new FlowTable(flows)
  flows.push(flowOf('G'))
  assert.is(table.get('G'), undefined)
  assert.throws(() => (table.names as string[]).push('G'), TypeError)
})

test('a flow starts after its leading Push, and at 0 without one', () => {
  const table = new FlowTable([flowOf('P', '?c?Push', '??a'), flowOf('T', '?c?Test'), flowOf('E')])
  assert.is(table.start('P').step, 1)
  assert.is(table.start('T').step, 0)
  assert.is(table.start('E').step, 0)
  assert.is(table.start('P').version, table.get('P')?.version)
})

test('an unknown flow or version is refused with what is known', () => {
  const table = new FlowTable([flowOf('F'), flowOf('G')])
  refuses(() => table.start('H'), 'ENOENT', /No flow "H": use one of the known flows F, G/)
  refuses(() => table.find('F', 'old'), 'ENOENT', /No version "old" of flow "F": version 811c9dc5/)
  refuses(() => new FlowTable().start('H'), 'ENOENT', /no flows are loaded/)
  refuses(() => table.start('__proto__'), 'ENOENT', /__proto__/)
})

test('step gives nothing past the end, for another version, or for another flow', () => {
  const table = new FlowTable([flowOf('F', '??a')])
  const start = table.start('F')
  assert.is(String(table.step(start)), '??a')
  assert.is(table.step(advance(start)), undefined)
  assert.is(table.step({ ...start, version: 'old' }), undefined)
  assert.is(table.step({ ...start, flow: 'G' }), undefined)
})

test('earlier versions are found by their version; new messages start in the flow in force', () => {
  const before = flowOf('F', '?c?Push', '??a', '??done')
  const first = flowOf('F', '??z')
  const now = flowOf('F', '??b')
  const table = new FlowTable([now], [before, first, flowOf('F', '??z'), flowOf('Gone', '??a')])
  assert.is(table.get('F'), now)
  assert.is(table.find('F'), now)
  assert.equal(table.names, ['F'])
  assert.is(table.at('F', before.version), before)
  assert.is(table.find('F', first.version), first)
  assert.is(table.at('F', 'other'), undefined)
  assert.equal(table.start('F'), { flow: 'F', version: now.version, step: 0 })
  assert.equal(table.start('F', before.version), { flow: 'F', version: before.version, step: 1 })
  assert.is(String(table.step({ flow: 'F', version: before.version, step: 1 })), '??a')
  assert.is(String(table.step({ flow: 'F', version: now.version, step: 0 })), '??b')
  assert.is(table.all().length, 4)
})

test('of a flow that is gone only the earlier versions are found', () => {
  const gone = flowOf('Gone', '??a')
  const table = new FlowTable([flowOf('F')], [gone])
  assert.is(table.get('Gone'), undefined)
  assert.is(table.find('Gone', gone.version), gone)
  assert.is(String(table.step({ flow: 'Gone', version: gone.version, step: 0 })), '??a')
  assert.equal([table.knows('Gone'), table.knows('F'), table.knows('H')], [true, true, false])
  refuses(() => table.start('Gone'), 'ENOENT', /No flow "Gone": use one of the known flows F/)
  refuses(() => table.find('Gone', 'old'), 'ENOENT', /No flow "Gone"/)
})

test('property: the same steps always give the same eight-digit version', () => {
  fc.assert(
    fc.property(fc.array(anyKey), (steps) => {
      const { version } = makeFlow('F', steps)
      const copies = steps.map((step) => ActionKey.parse(String(step)))
      return /^[0-9a-f]{8}$/.test(version) && makeFlow('F', copies).version === version
    }),
  )
})

test.run()

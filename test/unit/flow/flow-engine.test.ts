// The decisions of the flow engine.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../../src/core/errors.ts'
import { advance, FlowTable, isDone, isPush, makeFlow } from '../../../src/flow/flow.ts'
import { type Decision, decide, resume, treatmentOf } from '../../../src/flow/flow-engine.ts'
import { ActionKey } from '../../../src/topic/action-key.ts'
import { ActionMap } from '../../../src/topic/action-map.ts'
import { topicOf } from '../../../src/topic/topic.ts'
import { anyKey } from '../topic/arbitraries.ts'

const flowOf = (name: string, ...texts: string[]) => makeFlow(name, texts.map(ActionKey.parse))
const table = new FlowTable([
  flowOf('Film', '?Film?Push', 'Subject?Film?Get', '??done'),
  flowOf('Topics', '?T?Push', 'Subject?T@PUBLISH?get', '?T@ASYNC?got', '??done'),
  flowOf('Legacy', '?L?Push', 'S?L?serialize', 'S?L?Publish'),
  flowOf('Control', '?c@ROUTING_WORKER?Publish', 'I?c@ROUTING_WORKER?update'),
  flowOf('Decorated', 'test?S@PUBLISH?Push', 'Subject?S@PUBLISH?Publish'),
  flowOf('Empty'),
])
const mapping = new ActionMap()
for (const text of ['??Get', '??get', '??got', '?L?serialize', '?c@ROUTING_WORKER?update']) {
  mapping.set(ActionKey.parse(text), text)
}
const knows = (key: ActionKey) => mapping.resolve(key) !== undefined
const at = (flow: string, step: number) => ({ ...table.start(flow), step })
const told = (decision: Decision) => `${decision.do} ${decision.key}`
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

test('a mapped step runs at its position, with the flow on its key', () => {
  const decision = decide(table, knows, at('Film', 1))
  assert.is(told(decision), 'run Subject?Film?Get')
  assert.is(decision.key.flow, 'Film')
  assert.equal(decision.do !== 'end' && decision.position, at('Film', 1))
})

test('a leading Push is stepped over, also a decorated one', () => {
  const decision = decide(table, knows, at('Film', 0))
  assert.is(told(decision), 'run Subject?Film?Get')
  assert.is(decision.do !== 'end' && decision.position.step, 1)
  assert.is(told(decide(table, knows, at('Decorated', 0))), 'publish Subject?S@PUBLISH?Publish')
})

test('a PUBLISH step is published even though the mapping knows its action', () => {
  assert.ok(knows(ActionKey.parse('Subject?T@PUBLISH?get')))
  assert.is(told(decide(table, knows, at('Topics', 1))), 'publish Subject?T@PUBLISH?get')
})

test('an ASYNC step waits until it is resumed, and is then an ordinary step', () => {
  assert.is(told(decide(table, knows, at('Topics', 2))), 'wait ?T@ASYNC?got')
  assert.is(told(resume(table, knows, at('Topics', 2))), 'run ?T@ASYNC?got')
  assert.is(told(resume(table, () => false, at('Topics', 2))), 'publish ?T@ASYNC?got')
})

test('resume of a step that does not wait decides as usual', () => {
  assert.is(told(resume(table, knows, at('Topics', 1))), 'publish Subject?T@PUBLISH?get')
  assert.is(told(resume(table, knows, at('Topics', 3))), 'end ??done')
})

test('a step that no mapping knows is published: so flows that end in Publish end', () => {
  assert.is(told(decide(table, knows, at('Legacy', 1))), 'run S?L?serialize')
  const decision = decide(table, knows, at('Legacy', 2))
  assert.is(told(decision), 'publish S?L?Publish')
  assert.is(topicOf(decision.key), 'Legacy~~S~L~Publish~')
})

test('other decorators leave the choice to the mapping', () => {
  assert.is(told(decide(table, knows, at('Control', 0))), 'publish ?c@ROUTING_WORKER?Publish')
  assert.is(told(decide(table, knows, at('Control', 1))), 'run I?c@ROUTING_WORKER?update')
  const odd = ActionKey.parse('?c@constructor?a')
  assert.is(
    treatmentOf(odd, () => true),
    'run',
  )
})

test('the mapping is not asked about decorated steps', () => {
  const asked = () => assert.unreachable('asked')
  decide(table, asked as never, at('Topics', 1))
  decide(table, asked as never, at('Topics', 2))
})

test('a flow ends at ??done under the topic that callers subscribe to', () => {
  const decision = decide(table, () => true, at('Film', 2))
  assert.is(decision.do, 'end')
  assert.is(topicOf(decision.key), 'Film~~~~done~')
})

test('a flow without done ends in a done key all the same, an empty flow at once', () => {
  const decision = decide(table, knows, at('Legacy', 3))
  assert.is(decision.do, 'end')
  assert.is(topicOf(decision.key), 'Legacy~~~~done~')
  assert.is(topicOf(decide(table, knows, at('Empty', 0)).key), 'Empty~~~~done~')
})

test('an unknown flow or version is refused with ENOENT', () => {
  const start = at('Film', 1)
  const known = /known flows Film, Topics, Legacy/
  refuses(() => decide(table, knows, { ...start, flow: 'Nope' }), 'ENOENT', known)
  refuses(() => decide(table, knows, { ...start, version: '0' }), 'ENOENT', /No version "0"/)
})

test('a step outside the flow is refused with EINVAL', () => {
  for (const step of [-1, 4, 0.5, Number.NaN]) {
    refuses(() => decide(table, knows, at('Film', step)), 'EINVAL', /use 0 to 3/)
  }
})

// Walks a flow as its roles do together, and notes the index of every step on the way.
function walk(flows: FlowTable, name: string, known: (key: ActionKey) => boolean): number[] {
  const visited: number[] = []
  for (let position = flows.start(name); ; ) {
    const decision = decide(flows, known, position)
    if (decision.do === 'end') return visited
    visited.push(decision.position.step)
    position = advance(decision.position)
  }
}

test('property: a walk visits each step once, in order, even where steps repeat', () => {
  const few = fc
    .constantFrom('??a', '?c?a', '??a', '?c@PUBLISH?a', '?c@ASYNC?b')
    .map(ActionKey.parse)
  const step = fc.oneof(few, anyKey).filter((key) => !isDone(key) && !isPush(key))
  const options = { push: fc.boolean(), done: fc.boolean(), mapped: fc.boolean() }
  fc.assert(
    fc.property(fc.array(step), fc.record(options), (steps, { push, done, mapped }) => {
      const first = push ? [ActionKey.parse('?c?Push')] : []
      const last = done ? [ActionKey.parse('??done')] : []
      const flows = new FlowTable([makeFlow('F', [...first, ...steps, ...last])])
      const expected = steps.map((_, index) => index + first.length)
      assert.equal(
        walk(flows, 'F', () => mapped),
        expected,
      )
    }),
  )
})

test.run()

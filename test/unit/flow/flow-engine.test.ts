// The decisions of the flow engine.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../../src/core/errors.ts'
import { defineDecorator } from '../../../src/flow/decorators.ts'
import { advance, FlowTable, isDone, isPush, makeFlow } from '../../../src/flow/flow.ts'
import {
  branchAt,
  type Decision,
  decide,
  type FailDecision,
  resume,
  resumeBranch,
  waitAfter,
  whenFailed,
} from '../../../src/flow/flow-engine.ts'
import { loadFlows } from '../../../src/flow/load.ts'
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
const rules = { flows: table, knows }
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
  const decision = decide(rules, at('Film', 1))
  assert.is(told(decision), 'run Subject?Film?Get')
  assert.is(decision.key.flow, 'Film')
  assert.equal(decision.do !== 'end' && decision.position, at('Film', 1))
})

test('a message in an earlier version of its flow is decided by that version', () => {
  const before = flowOf('F', '?c?Push', '??Get', '??done')
  const asked: unknown[] = []
  const flows = new FlowTable([flowOf('F', '??other', '??more')], [before])
  const { version } = before
  const versioned = {
    flows,
    knows: (key: ActionKey, of?: object) => {
      asked.push(of)
      return `${key}` === '??Get'
    },
  }
  const first = decide(versioned, { flow: 'F', version, step: 0 })
  assert.is(told(first), 'run ??Get')
  assert.equal(first.do !== 'end' && first.position, { flow: 'F', version, step: 1 })
  assert.equal(asked, [{ flow: 'F', version, step: 1 }])
  assert.is(told(decide(versioned, { flow: 'F', version, step: 2 })), 'end ??done')
  assert.is(told(decide(versioned, flows.start('F'))), 'publish ??other')
})

test('a failure in an earlier version goes to the catch step of that version', () => {
  const steps = [ActionKey.parse('??a')]
  const before = makeFlow('F', steps, { catchKey: ActionKey.parse('??undo') })
  const flows = new FlowTable([makeFlow('F', steps)], [before])
  const error = { code: 'EODD', step: '??a', message: 'odd', retryable: false }
  const failed = (version: string) =>
    whenFailed({ flows, knows }, { flow: 'F', version }, error, false)
  assert.is(failed(before.version).do, 'catch')
  assert.is(failed(flows.start('F').version).do, 'fail')
})

test('a leading Push is stepped over, also a decorated one', () => {
  const decision = decide(rules, at('Film', 0))
  assert.is(told(decision), 'run Subject?Film?Get')
  assert.is(decision.do !== 'end' && decision.position.step, 1)
  assert.is(told(decide(rules, at('Decorated', 0))), 'publish Subject?S@PUBLISH?Publish')
})

test('a PUBLISH step is published even though the mapping knows its action', () => {
  assert.ok(knows(ActionKey.parse('Subject?T@PUBLISH?get')))
  assert.is(told(decide(rules, at('Topics', 1))), 'publish Subject?T@PUBLISH?get')
})

test('an ASYNC step waits until it is resumed, and is then run by who is mapped', () => {
  assert.is(told(decide(rules, at('Topics', 2))), 'wait ?T@ASYNC?got')
  const resumed = resume(rules, at('Topics', 2))
  assert.is(told(resumed), 'run ?T@ASYNC?got')
  assert.equal(resumed.do === 'run' && resumed.position, at('Topics', 2))
})

test('a step that waited and that no mapping knows is stepped over', () => {
  assert.is(told(resume({ ...rules, knows: () => false }, at('Topics', 2))), 'end ??done')
})

test('what comes after a wait may be another one', () => {
  const flows = new FlowTable([flowOf('F', '?c@ASYNC?a', '?c@ASYNC?b', '??done')])
  const unmapped = { flows, knows: () => false }
  const next = resume(unmapped, flows.start('F'))
  assert.is(told(next), 'wait ?c@ASYNC?b')
  assert.is(next.do === 'wait' && next.position.step, 1)
})

test('a published step is followed by a wait, or the message leaves the flow there', () => {
  assert.is(told(waitAfter(rules, at('Topics', 1))!), 'wait ?T@ASYNC?got')
  assert.is(waitAfter(rules, at('Legacy', 2)), undefined)
  assert.is(waitAfter(rules, at('Topics', 2)), undefined)
})

test('resume of a step that does not wait decides as usual', () => {
  assert.is(told(resume(rules, at('Topics', 1))), 'publish Subject?T@PUBLISH?get')
  assert.is(told(resume(rules, at('Topics', 3))), 'end ??done')
})

test('a step that no mapping knows is published: so flows that end in Publish end', () => {
  assert.is(told(decide(rules, at('Legacy', 1))), 'run S?L?serialize')
  const decision = decide(rules, at('Legacy', 2))
  assert.is(told(decision), 'publish S?L?Publish')
  assert.is(topicOf(decision.key), 'Legacy~~S~L~Publish~')
})

test('a control step is for the workers, and never run', () => {
  assert.is(told(decide(rules, at('Control', 0))), 'control ?c@ROUTING_WORKER?Publish')
  assert.ok(knows(ActionKey.parse('I?c@ROUTING_WORKER?update')))
  assert.is(told(decide(rules, at('Control', 1))), 'control I?c@ROUTING_WORKER?update')
  assert.is(told(resume(rules, at('Control', 1))), 'control I?c@ROUTING_WORKER?update')
})

test('decorators of the user are passed in', () => {
  const flows = new FlowTable([flowOf('F', '?c@NOTIFY?get', '??done')])
  assert.is(told(decide({ flows, knows }, flows.start('F'))), 'run ?c@NOTIFY?get')
  const decorators = defineDecorator('NOTIFY', 'publish')
  assert.is(told(decide({ flows, knows, decorators }, flows.start('F'))), 'publish ?c@NOTIFY?get')
})

test('the mapping is not asked about decorated steps', () => {
  const asked = () => assert.unreachable('asked')
  decide({ flows: table, knows: asked as never }, at('Topics', 1))
  decide({ flows: table, knows: asked as never }, at('Topics', 2))
})

test('a flow ends at ??done under the topic that callers subscribe to', () => {
  const decision = decide({ flows: table, knows: () => true }, at('Film', 2))
  assert.is(decision.do, 'end')
  assert.is(topicOf(decision.key), 'Film~~~~done~')
})

test('a flow without done ends in a done key all the same, an empty flow at once', () => {
  const decision = decide(rules, at('Legacy', 3))
  assert.is(decision.do, 'end')
  assert.is(topicOf(decision.key), 'Legacy~~~~done~')
  assert.is(topicOf(decide(rules, at('Empty', 0)).key), 'Empty~~~~done~')
})

test('an unknown flow or version is refused with ENOENT', () => {
  const start = at('Film', 1)
  const known = /known flows Film, Topics, Legacy/
  refuses(() => decide(rules, { ...start, flow: 'Nope' }), 'ENOENT', known)
  refuses(() => decide(rules, { ...start, version: '0' }), 'ENOENT', /No version "0"/)
})

test('a step outside the flow is refused with EINVAL', () => {
  for (const step of [-1, 4, 0.5, Number.NaN]) {
    refuses(() => decide(rules, at('Film', step)), 'EINVAL', /use 0 to 3/)
  }
})

const forking = new FlowTable(
  loadFlows(
    `[F]
    ?c?Push
    & ?c?Get
    & ?c@PUBLISH?tell
    & ?c@ASYNC?later
    ?c?after
    catch = ?c?undo
    ??done
    [Caught]
    catch = ?c@PUBLISH?get
    ??a
    [Free]
    ??a`,
    'f.ini',
  ).flows,
)
const forkRules = { flows: forking, knows }
const inFork = (step: number) => ({ ...forking.start('F'), step })

test('a group forks: a branch per step, and a join behind the last', () => {
  for (const step of [0, 1]) {
    const fork = decide(forkRules, inFork(step))
    assert.is(told(fork), 'fork ?c?Get')
    if (fork.do !== 'fork') continue
    assert.equal(fork.branches.map(told), [
      'run ?c?Get',
      'publish ?c@PUBLISH?tell',
      'wait ?c@ASYNC?later',
    ])
    assert.equal(
      fork.branches.map(({ position }) => position),
      [inFork(1), inFork(2), inFork(3)],
    )
    assert.equal(fork.position, inFork(1))
    assert.equal(fork.join, inFork(4))
  }
  assert.is(told(decide(forkRules, inFork(4))), 'publish ?c?after')
})

test('only branches are inside a group', () => {
  refuses(() => decide(forkRules, inFork(2)), 'EINVAL', /use step 1, where its parallel/)
  refuses(() => branchAt(forkRules, inFork(4)), 'EINVAL', /in no parallel group: use decide/)
  refuses(() => branchAt(forkRules, inFork(9)), 'EINVAL', /use 0 to/)
  assert.is(told(branchAt(forkRules, inFork(1))), 'run ?c?Get')
  assert.is(waitAfter(forkRules, inFork(2)), undefined)
})

test('a branch that waited is run by who is mapped, or has ended', () => {
  assert.is(resumeBranch(forkRules, inFork(3)), undefined)
  const mapped = { ...forkRules, knows: () => true }
  assert.is(told(resumeBranch(mapped, inFork(3))!), 'run ?c@ASYNC?later')
  assert.is(told(resumeBranch(forkRules, inFork(1))!), 'run ?c?Get')
})

const ERROR = { code: 'EHANDLER', step: '??a', message: 'no', retryable: false }
const tell = (failure: FailDecision) => {
  assert.is(failure.error, ERROR)
  return failure.do === 'catch' ? `catch by ${failure.by} ${failure.key}` : `fail ${failure.key}`
}

test('a failure goes to the catch step once, and then to the failed end', () => {
  const known = { ...forkRules, knows: () => true }
  assert.is(tell(whenFailed(known, inFork(1), ERROR, false)), 'catch by run ?c?undo')
  assert.is(tell(whenFailed(forkRules, inFork(1), ERROR, false)), 'catch by publish ?c?undo')
  const failed = whenFailed(known, inFork(1), ERROR, true)
  assert.is(tell(failed), 'fail ??failed')
  assert.is(topicOf(failed.key), 'F~~~~failed~')
})

test('the decorator of a catch step counts as anywhere', () => {
  const failure = whenFailed(
    { ...forkRules, knows: () => true },
    forking.start('Caught'),
    ERROR,
    false,
  )
  assert.is(tell(failure), 'catch by publish ?c@PUBLISH?get')
  assert.is(topicOf(failure.key), 'Caught~PUBLISH~~c~get~')
})

test('without a catch step, a flow or a known version a failure is the end', () => {
  const start = forking.start('F')
  for (const where of [
    forking.start('Free'),
    { flow: '', version: '' },
    { ...start, version: '0' },
  ]) {
    const failure = whenFailed(forkRules, where, ERROR, false)
    assert.is(tell(failure), 'fail ??failed')
    assert.is(failure.key.flow, where.flow)
  }
})

// Walks a flow as its roles do together, and notes the index of every step on the way.
function walk(flows: FlowTable, name: string, known: (key: ActionKey) => boolean): number[] {
  const visited: number[] = []
  for (let position = flows.start(name); ; ) {
    const decision = decide({ flows, knows: known }, position)
    if (decision.do === 'end') return visited
    visited.push(decision.position.step)
    position = advance(decision.position)
  }
}

test('property: a walk over groups visits every step once, in order', () => {
  const step = fc.record({
    key: fc.constantFrom('??a', '?c?a', '?c@PUBLISH?b', '?c@ASYNC?b'),
    mark: fc.constantFrom('', '& '),
  })
  fc.assert(
    fc.property(fc.array(step), fc.boolean(), (steps, mapped) => {
      const text = ['[F]', ...steps.map(({ key, mark }) => mark + key), '??done'].join('\n')
      const flows = new FlowTable(loadFlows(text, 'f').flows)
      const visited: number[] = []
      for (let position = flows.start('F'); ; ) {
        const decision = decide({ flows, knows: () => mapped }, position)
        if (decision.do === 'end') break
        const done = decision.do === 'fork' ? decision.branches : [decision]
        visited.push(...done.map((one) => one.position.step))
        position = decision.do === 'fork' ? decision.join : advance(decision.position)
      }
      assert.equal(visited, [...steps.keys()])
    }),
  )
})

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

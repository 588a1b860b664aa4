// The table of decorators.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../../src/core/errors.ts'
import { DECORATORS, defineDecorator, readDecorators } from '../../../src/flow/decorators.ts'
import { treatmentOf } from '../../../src/flow/flow-engine.ts'
import { ActionKey } from '../../../src/topic/action-key.ts'

const unasked = () => assert.unreachable('the mapping was asked')
const refuses = (act: () => unknown, pattern: RegExp) => {
  assert.throws(act, (error: ZmqError) => error.code === 'EINVAL' && pattern.test(error.message))
}

test('PUBLISH, ASYNC and ROUTING_WORKER are decided before any mapping is asked', () => {
  const treatments = ['PUBLISH', 'ASYNC', 'ROUTING_WORKER'].map((name) =>
    treatmentOf(ActionKey.parse(`S?c@${name}?a`), unasked as never),
  )
  assert.equal(treatments, ['publish', 'wait', 'control'])
})

test('a decorator that is in no table leaves the choice to the mapping', () => {
  for (const name of ['Mine', 'publish', 'constructor', '__proto__', '']) {
    const key = ActionKey.of({ decorator: name, action: 'a' })
    assert.is(
      treatmentOf(key, () => true),
      'run',
    )
    assert.is(
      treatmentOf(key, () => false),
      'publish',
    )
  }
})

test('a decorator of the user is settled by the table that has it, and by no other', () => {
  const table = defineDecorator('NOTIFY', 'publish')
  const more = defineDecorator('LOCAL', 'run', table)
  const key = ActionKey.parse('?c@NOTIFY?a')
  assert.is(treatmentOf(key, unasked as never, more), 'publish')
  assert.is(
    treatmentOf(ActionKey.parse('?c@LOCAL?a'), () => false, more),
    'run',
  )
  assert.is(
    treatmentOf(key, () => true),
    'run',
  )
  assert.is(DECORATORS.size, 3)
  assert.is(table.size, 4)
})

test('a decorator needs a name of its own that a key can carry, and a treatment there is', () => {
  refuses(() => defineDecorator('', 'run'), /needs a name/)
  refuses(() => defineDecorator('a b', 'run'), /cannot be the decorator of a key/)
  refuses(() => defineDecorator('PUBLISH', 'run'), /is a decorator PUBLISH already/)
  refuses(() => defineDecorator('X', 'later' as never), /use one of run, publish, wait, control/)
})

test("a text names decorators of one's own; what it gets wrong is said", () => {
  const table = readDecorators('NOTIFY publish,  AUDIT control ,')
  assert.is(table.get('NOTIFY'), 'publish')
  assert.is(table.get('AUDIT'), 'control')
  assert.is(table.get('ASYNC'), 'wait')
  assert.equal(readDecorators(''), DECORATORS)
  for (const text of ['NOTIFY', 'NOTIFY publish run', 'NOTIFY fly', 'ASYNC run', 'A run, A run'])
    assert.throws(
      () => readDecorators(text),
      (error: { code: string }) => error.code === 'EINVAL',
    )
})

test.run()

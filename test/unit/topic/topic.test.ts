// Topics and subscription prefixes, beside the vectors computed with DigitalPy.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../../src/core/errors.ts'
import { ActionKey, type KeyFields } from '../../../src/topic/action-key.ts'
import { prefixOf, topicKey, topicOf } from '../../../src/topic/topic.ts'
import { anyOwnedKey } from './arbitraries.ts'

// Ours differs from DigitalPy in three ways. A topic is ended by "~", so no action is a prefix of
// another. A prefix stops at the first gap, since a gap means "any" (DigitalPy subscribes to the
// gap as an empty field). And there is no off-by-one: see the last vector.
type Vector = { key: Partial<KeyFields>; digitalPy: [string, string]; ours: [string, string] }
const VECTORS: Vector[] = [
  {
    key: { flow: 'F', action: 'done' },
    digitalPy: ['F~~~~done', 'F~~~~done'],
    ours: ['F~~~~done~', 'F~'],
  },
  {
    key: { flow: 'completed_command' },
    digitalPy: ['completed_command~~~~', 'completed_command'],
    ours: ['completed_command~~~~~', 'completed_command~'],
  },
  {
    key: { decorator: 'PUBLISH', action: 'start_service' },
    digitalPy: ['~PUBLISH~~~start_service', '~PUBLISH~~~start_service'],
    ours: ['~PUBLISH~~~start_service~', ''],
  },
  {
    key: { flow: 'F', context: 'C' },
    digitalPy: ['F~~~C~', 'F~~~C'],
    ours: ['F~~~C~~', 'F~'],
  },
  { key: { flow: 'F', sender: 'S' }, digitalPy: ['F~~S~~', 'F~~S'], ours: ['F~~S~~~', 'F~'] },
  { key: { flow: 'F', decorator: 'D' }, digitalPy: ['F~D~~~', 'F~D'], ours: ['F~D~~~~', 'F~D~'] },
  { key: {}, digitalPy: ['~~~~', ''], ours: ['~~~~~', ''] },
  // DigitalPy's prefix has one separator too few, so it never matches its own topic.
  {
    key: { sender: 'S', context: 'C', action: 'A' },
    digitalPy: ['~~S~C~A', '~S~C~A'],
    ours: ['~~S~C~A~', ''],
  },
]

for (const { key, digitalPy, ours } of VECTORS) {
  test(`topic and prefix of ${JSON.stringify(key)}, where DigitalPy has ${digitalPy}`, () => {
    const built = ActionKey.of(key)
    assert.equal([topicOf(built), prefixOf(built)], ours)
    assert.is(topicOf(built), `${digitalPy[0]}~`)
  })
}

test('a key without gaps has its whole topic as prefix', () => {
  const key = ActionKey.of({ flow: 'F', decorator: 'D', sender: 'S', context: 'C', action: 'A' })
  assert.is(prefixOf(key), 'F~D~S~C~A~')
  assert.is(prefixOf(key), topicOf(key))
})

test('no topic is a prefix of another: done and done2, command_a and command_ab', () => {
  const topic = (flow: string, action: string) => topicOf(ActionKey.of({ flow, action }))
  assert.is(topic('F', 'done2').startsWith(topic('F', 'done')), false)
  const prefix = prefixOf(ActionKey.of({ flow: 'command_a' }))
  assert.is(topic('command_ab', 'x').startsWith(prefix), false)
  assert.is(topic('command_a', 'x').startsWith(prefix), true)
})

test('topicKey refuses anything but five ended fields of legal characters', () => {
  for (const text of ['', 'F', 'F~~~~done', 'F~~~~done~x', 'F~~~~~~', '~~~', 'F~~~a b~c~']) {
    try {
      topicKey(text)
      assert.unreachable(`accepted ${text}`)
    } catch (error) {
      assert.instance(error, ZmqError, text)
      assert.is((error as ZmqError).code, 'EINVAL')
    }
  }
})

test('property: topicKey(topicOf(key)) equals the key', () => {
  fc.assert(fc.property(anyOwnedKey, (key) => topicKey(topicOf(key)).equals(key)))
})

test('property: the topic of each matching key starts with the prefix of the pattern', () => {
  const names = fc.subarray(['sender', 'context', 'decorator', 'action', 'flow'] as const)
  fc.assert(
    fc.property(anyOwnedKey, names, (key, emptied) => {
      const pattern = key.with(Object.fromEntries(emptied.map((name) => [name, ''])))
      assert.ok(key.matches(pattern))
      assert.ok(topicOf(key).startsWith(prefixOf(pattern)))
    }),
  )
})

test('property: the topics of different keys are never prefixes of each other', () => {
  fc.assert(
    fc.property(anyOwnedKey, anyOwnedKey, (one, other) => {
      return topicOf(one).startsWith(topicOf(other)) === one.equals(other)
    }),
  )
})

test.run()

// The grammar, comparison and immutability of action keys.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../../src/core/errors.ts'
import { ActionKey, hasEmptyDecorator } from '../../../src/topic/action-key.ts'
import { anyField, anyKey, anyOwnedKey } from './arbitraries.ts'

const parts = (text: string) => {
  const { sender, context, decorator, action, flow } = ActionKey.parse(text)
  return [sender, context, decorator, action, flow]
}

const refuses = (act: () => unknown, pattern: RegExp) => {
  try {
    act()
  } catch (error) {
    assert.instance(error, ZmqError)
    assert.is((error as ZmqError).code, 'EINVAL')
    assert.match((error as ZmqError).message, pattern)
    return
  }
  assert.unreachable('nothing was thrown')
}

test('parse reads the four parts and leaves the flow empty', () => {
  assert.equal(parts('S?c@D?a'), ['S', 'c', 'D', 'a', ''])
  assert.equal(parts('?c?a'), ['', 'c', '', 'a', ''])
  assert.equal(parts('??'), ['', '', '', '', ''])
  assert.equal(parts('?^file^get-or-create?GETFileGet-or-create')[1], '^file^get-or-create')
  assert.equal(parts('Bär?Größe@名?Жук_٣'), ['Bär', 'Größe', '名', 'Жук_٣', ''])
})

test('parse accepts a comment after a blank, and a target after "="', () => {
  assert.equal(parts('a?b@D?c # free ? text'), ['a', 'b', 'D', 'c', ''])
  assert.equal(parts('a?b?c\t; note'), ['a', 'b', '', 'c', ''])
  assert.equal(parts('a?b?c=x.y'), ['a', 'b', '', 'c', ''])
  assert.equal(parts('a?b?c = ./m.ts#f'), ['a', 'b', '', 'c', ''])
  assert.equal(parts('a?b@D? c'), ['a', 'b', 'D', '', ''])
})

test('parse refuses what DigitalPy skips: text glued to the action, a third "?"', () => {
  for (const text of ['a?b?c?d', 'a?b?c#x', 'a?b?c.d', 'a?b?c~', 'a?b?c@D']) {
    refuses(() => ActionKey.parse(text), /is not an action key: write Sender\?Context/)
  }
})

test('parse refuses a leading blank, a missing "?", a second "@", and blanks inside a part', () => {
  for (const text of ['', 'abc', 'a?b', ' a?b?c', 'a b?c?d', 'a?b c?d', 'a?b@c@d?e', 'a@D?b?c']) {
    refuses(() => ActionKey.parse(text), /is not an action key/)
  }
})

test('parse accepts "@" with nothing after it, and hasEmptyDecorator tells', () => {
  assert.equal(parts('a?b@?c'), ['a', 'b', '', 'c', ''])
  assert.is(hasEmptyDecorator('a?b@?c'), true)
  assert.is(hasEmptyDecorator('?@?'), true)
  assert.is(hasEmptyDecorator('a?b@D?c'), false)
  assert.is(hasEmptyDecorator('a?b?c # mail@?'), false)
})

test('of fills absent fields with the empty string', () => {
  assert.is(ActionKey.of({ action: 'done', flow: 'F' }).toString(), '??done')
  assert.is(ActionKey.of({ action: undefined }).action, '')
})

test('of refuses characters that would break a topic or a text', () => {
  for (const value of ['a~b', 'a b', 'a?b', 'a.b', 'a\n']) {
    refuses(() => ActionKey.of({ context: value }), /cannot be the context of a key: use letters/)
  }
  refuses(() => ActionKey.of({ flow: 'a~b' }), /cannot be the flow of a key: avoid "~"/)
  refuses(() => ActionKey.of({ flow: 'a\nb' }), /cannot be the flow/)
  refuses(() => ActionKey.of({ flow: '\ud800' }), /cannot be the flow/)
  refuses(
    () => ActionKey.of({ action: null as unknown as string }).with({ action: 5 as never }),
    /must be a string/,
  )
  assert.is(ActionKey.of({ flow: 'digitalpy.core_api B ' }).flow, 'digitalpy.core_api B ')
})

test('a key is frozen, and with() makes a new one', () => {
  const key = ActionKey.of({ action: 'a', flow: 'F' })
  assert.throws(() => Object.assign(key, { action: 'b' }), TypeError)
  const other = key.with({ decorator: 'PUBLISH', flow: '' })
  assert.is(`${key.flow} ${key}`, 'F ??a')
  assert.is(`${other.flow} ${other}`, ' ?@PUBLISH?a')
  refuses(() => key.with({ sender: '~' }), /sender/)
})

test('matches is one-way: only gaps of the pattern are wild', () => {
  const key = ActionKey.parse('S?c@D?a')
  const pattern = ActionKey.parse('?c?')
  assert.is(key.matches(pattern), true)
  assert.is(pattern.matches(key), false)
  assert.is(key.matches(ActionKey.parse('?c?b')), false)
  assert.is(key.matches(ActionKey.parse('?c@E?a')), false)
})

test('matches compares the flow only if the pattern has one', () => {
  const done = ActionKey.of({ flow: 'F', action: 'done' })
  assert.is(done.matches(ActionKey.parse('??done')), true)
  assert.is(done.matches(done.with({ flow: 'G' })), false)
  assert.is(ActionKey.parse('??done').matches(done), false)
})

test('equals is strict, the flow included', () => {
  const done = ActionKey.of({ flow: 'F', action: 'done' })
  assert.is(done.equals(ActionKey.of({ flow: 'F', action: 'done' })), true)
  assert.is(done.equals(ActionKey.parse('??done')), false)
  assert.is(done.equals(done.with({ context: 'c' })), false)
})

test('property: parse(toString(key)) equals a key without a flow', () => {
  fc.assert(fc.property(anyKey, (key) => ActionKey.parse(key.toString()).equals(key)))
})

test('property: every key matches itself and each pattern made by emptying fields', () => {
  const names = fc.subarray(['sender', 'context', 'decorator', 'action', 'flow'] as const)
  fc.assert(
    fc.property(anyOwnedKey, names, (key, emptied) => {
      return key.matches(key.with(Object.fromEntries(emptied.map((name) => [name, '']))))
    }),
  )
})

test('property: a difference in one spelled-out field never matches', () => {
  fc.assert(
    fc.property(anyKey, anyField, (key, action) => {
      fc.pre(action !== '' && action !== key.action)
      return !key.matches(key.with({ action }))
    }),
  )
})

test('property: parse of any text either succeeds or throws EINVAL', () => {
  const text = fc.array(fc.constantFrom(...'a?@= ~#.', 'é', '\n')).map((all) => all.join(''))
  fc.assert(
    fc.property(fc.oneof(text, fc.string()), (random) => {
      try {
        return random.startsWith(ActionKey.parse(random).sender)
      } catch (error) {
        return error instanceof ZmqError && error.code === 'EINVAL'
      }
    }),
  )
})

test.run()

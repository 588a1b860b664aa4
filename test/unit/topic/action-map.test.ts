// The lookup order of the action mapping.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionKey } from '../../../src/topic/action-key.ts'
import { ActionMap, type ActionMapOptions } from '../../../src/topic/action-map.ts'
import { anyKey, anyOwnedKey } from './arbitraries.ts'

const mapOf = (texts: string[], options?: ActionMapOptions) => {
  const map = new ActionMap(options)
  for (const text of texts) map.set(ActionKey.parse(text), text)
  return map
}
const winner = (map: ActionMap, text: string) => map.resolve(ActionKey.parse(text))?.target

// Section 12 of the facts about DigitalPy, whose lookup has no `??`: there '??' is an error.
const VECTOR = ['S??', '??a', '?c?a', 'S?c?', 'S??a', '?c?']

test('the entry of each message key in the golden vector', () => {
  const map = mapOf(VECTOR)
  const expected = {
    'S?c?a': 'S??a',
    '?c?a': '?c?a',
    'S?c?z': 'S?c?',
    'S?z?z': 'S??',
    '?z?a': '??a',
    '?c?z': '?c?',
  }
  for (const [text, target] of Object.entries(expected)) assert.is(winner(map, text), target, text)
  assert.is(map.resolve(ActionKey.parse('??')), undefined)
  assert.is(map.resolve(ActionKey.parse('x?y?z')), undefined)
})

test('removing the winner one by one gives the documented order, with ?? last', () => {
  const order = ['S?c?a', 'S??a', '?c?a', 'S?c?', 'S??', '??a', '?c?', '??']
  for (let first = 0; first < order.length; first++) {
    const map = mapOf(order.slice(first).reverse())
    assert.is(winner(map, 'S?c?a'), order[first])
  }
})

test('an explicit ?? catches what nothing else serves', () => {
  const map = mapOf(['??', '?c?a'])
  assert.is(winner(map, '??'), '??')
  assert.is(winner(map, 'x?y@D?z'), '??')
  assert.is(winner(map, '?c?a'), '?c?a')
})

test('decorated entries come first, even a wide one before an exact plain one', () => {
  const map = mapOf(['S?c?a', '?@D?', '??a', '?@D?a'])
  assert.is(winner(map, 'S?c@D?a'), '?@D?a')
  assert.is(winner(map, 'S?c@D?b'), '?@D?')
  assert.is(winner(map, 'S?c@E?a'), 'S?c?a')
})

test('a decorated entry never serves a key without that decorator', () => {
  const map = mapOf(['Sender?Context@DECORATOR?Action'])
  assert.is(winner(map, 'Sender?Context?Action'), undefined)
  assert.is(winner(map, 'Sender?Context@OTHER?Action'), undefined)
  assert.is(winner(map, 'Sender?Context@DECORATOR?Action'), 'Sender?Context@DECORATOR?Action')
})

test('lookup minds case unless told otherwise', () => {
  const entries = ['?Repeater?Connection']
  assert.is(winner(mapOf(entries), '?Repeater?connection'), undefined)
  const map = mapOf(entries, { ignoreCase: true })
  assert.is(winner(map, '?REPEATER?connection'), '?Repeater?Connection')
  assert.is(String(map.entries()[0]?.key), '?Repeater?Connection')
})

test('the flow of a message plays no part, and entries carry none', () => {
  const map = new ActionMap<number>()
  map.set(ActionKey.of({ flow: 'F', action: 'a' }), 7)
  const entry = map.resolve(ActionKey.of({ flow: 'G', action: 'a' }))
  assert.is(entry?.target, 7)
  assert.is(entry?.key.flow, '')
})

test('set replaces an equal key and keeps its place; has minds the exact parts', () => {
  const map = mapOf(['??a', '??b'])
  map.set(ActionKey.parse('??a'), 'new')
  assert.equal(
    map.entries().map(({ key, target }) => `${key} ${target}`),
    ['??a new', '??b ??b'],
  )
  assert.is(map.has(ActionKey.parse('??a')), true)
  assert.is(map.has(ActionKey.parse('?c?a')), false)
})

test('nothing handed out can change the map', () => {
  const map = mapOf(['??a'])
  const entry = map.entries()[0]
  assert.throws(() => Object.assign(entry as object, { target: 'x' }), TypeError)
  map.entries().pop()
  assert.is(winner(map, '??a'), '??a')
})

test('property: an entry that resolves matches the key, and an exact entry always resolves', () => {
  fc.assert(
    fc.property(fc.array(anyKey), anyOwnedKey, (entries, key) => {
      const map = new ActionMap<string>()
      for (const entry of entries) map.set(entry, String(entry))
      const found = map.resolve(key)
      assert.is(
        found !== undefined,
        entries.some((entry) => key.matches(entry)),
      )
      if (found) assert.ok(key.matches(found.key))
      map.set(key, 'exact')
      assert.is(map.resolve(key)?.target, 'exact')
    }),
  )
})

test.run()

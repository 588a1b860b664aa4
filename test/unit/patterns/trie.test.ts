// Subscriptions by prefix, against a list that is searched from end to end.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Trie } from '../../../src/patterns/trie.ts'
import { collectGarbage } from '../../support/garbage.ts'
import { bytes, text } from '../../support/texts.ts'

const holder = fc.constantFrom('A', 'B', 'C')
// Two letters and short words: prefixes of one another, forks and joins come all the time.
const word = fc
  .array(fc.constantFrom('a', 'b'), { maxLength: 5 })
  .map((letters) => letters.join(''))
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('add' as const), word, holder }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('remove' as const), word, holder }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('removeHolder' as const), word, holder }) },
)
const TOPICS = ['', ...allWords(1), ...allWords(2), ...allWords(3), ...allWords(6)]

function allWords(length: number): string[] {
  const words = Array.from({ length: 2 ** length }, (_, i) => i.toString(2).padStart(length, '0'))
  return words.map((digits) => digits.replaceAll('0', 'a').replaceAll('1', 'b'))
}

/** What a trie does, slowly. */
class NaiveList {
  pairs: { word: string; holder: string }[] = []

  holders(word: string): number {
    return this.pairs.filter((pair) => pair.word === word).length
  }

  has(word: string, holder: string): boolean {
    return this.pairs.some((pair) => pair.word === word && pair.holder === holder)
  }

  add(word: string, holder: string): boolean {
    const first = this.holders(word) === 0
    if (!this.has(word, holder)) this.pairs.push({ word, holder })
    return first
  }

  remove(word: string, holder: string): boolean {
    if (!this.has(word, holder)) return false
    this.pairs = this.pairs.filter((pair) => pair.word !== word || pair.holder !== holder)
    return this.holders(word) === 0
  }

  removeHolder(holder: string): string[] {
    const held = this.pairs.filter((pair) => pair.holder === holder)
    return held.filter(({ word }) => this.remove(word, holder)).map(({ word }) => word)
  }

  match(topic: string): string[] {
    return this.pairs.filter(({ word }) => topic.startsWith(word)).map(({ holder }) => holder)
  }

  prefixes(): string[] {
    return [...new Set(this.pairs.map(({ word }) => word))]
  }
}

function matchesOf(trie: Trie<string>, topic: string): string[] {
  const visited: string[] = []
  trie.match(bytes(topic), (holder) => visited.push(holder))
  return visited
}

function prefixesOf(trie: Trie<string>): string[] {
  return trie.prefixes().map((prefix) => text([prefix]) as string)
}

test('any sequence of add, remove and removeHolder matches as a plain list does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const trie = new Trie<string>()
      const model = new NaiveList()
      for (const now of steps) {
        const prefix = bytes(now.word)
        if (now.do === 'add') {
          assert.is(trie.add(prefix, now.holder), model.add(now.word, now.holder))
        } else if (now.do === 'remove') {
          assert.is(trie.remove(prefix, now.holder), model.remove(now.word, now.holder))
        } else {
          const gone: string[] = []
          trie.removeHolder(now.holder, (bytes) => gone.push(text([bytes]) as string))
          assert.equal(gone.sort(), model.removeHolder(now.holder).sort())
        }
        assert.is(trie.has(prefix, now.holder), model.has(now.word, now.holder))
      }
      assert.equal(prefixesOf(trie).sort(), model.prefixes().sort())
      for (const topic of TOPICS) {
        assert.equal(matchesOf(trie, topic).sort(), model.match(topic).sort(), topic)
        assert.is(trie.matches(bytes(topic)), model.match(topic).length > 0, topic)
      }
    }),
    { numRuns: 300 },
  )
})

test('the empty prefix matches everything, the empty topic too', () => {
  const trie = new Trie<string>()
  assert.not(trie.matches(bytes('')))
  trie.add(bytes(''), 'A')
  assert.equal(matchesOf(trie, ''), ['A'])
  assert.equal(matchesOf(trie, 'anything'), ['A'])
  assert.ok(trie.remove(bytes(''), 'A'))
  assert.not(trie.matches(bytes('anything')))
})

test('a prefix and a longer one are held apart', () => {
  const trie = new Trie<string>()
  trie.add(bytes('news.eu'), 'A')
  trie.add(bytes('news'), 'B')
  assert.equal(matchesOf(trie, 'news.eu.de'), ['B', 'A'])
  assert.equal(matchesOf(trie, 'news.us'), ['B'])
  assert.equal(matchesOf(trie, 'new'), [])
  trie.remove(bytes('news'), 'B')
  assert.equal(matchesOf(trie, 'news.eu'), ['A'])
  assert.equal(matchesOf(trie, 'news'), [])
})

test('an edge splits where prefixes part, and joins again when one goes', () => {
  const trie = new Trie<string>()
  trie.add(bytes('abcdef'), 'A')
  trie.add(bytes('abcxyz'), 'B')
  assert.equal(matchesOf(trie, 'abcdef'), ['A'])
  assert.equal(matchesOf(trie, 'abcxyz'), ['B'])
  assert.equal(matchesOf(trie, 'abc'), [])
  trie.remove(bytes('abcxyz'), 'B')
  assert.equal(matchesOf(trie, 'abcdef!'), ['A'])
  assert.not(trie.matches(bytes('abcxyz')))
  trie.add(bytes('abc'), 'C')
  assert.equal(matchesOf(trie, 'abcdef'), ['C', 'A'])
})

test('removing a prefix that was never added changes nothing', () => {
  const trie = new Trie<string>()
  trie.add(bytes('abc'), 'A')
  for (const prefix of ['ab', 'abcd', 'x', '']) assert.not(trie.remove(bytes(prefix), 'A'))
  assert.not(trie.remove(bytes('abc'), 'B'))
  assert.equal(matchesOf(trie, 'abc'), ['A'])
})

test('a holder of two matching prefixes is visited for each', () => {
  const trie = new Trie<string>()
  trie.add(bytes('a'), 'A')
  trie.add(bytes('ab'), 'A')
  assert.equal(matchesOf(trie, 'abc'), ['A', 'A'])
})

test('prefixes are bytes, not text', () => {
  const trie = new Trie<string>()
  trie.add(Uint8Array.of(0, 255, 128), 'A')
  assert.ok(trie.matches(Uint8Array.of(0, 255, 128, 1)))
  assert.not(trie.matches(Uint8Array.of(0, 255, 129)))
})

test('changing the caller’s bytes afterwards does not change a subscription', () => {
  const trie = new Trie<string>()
  const prefix = bytes('abc')
  trie.add(prefix, 'A')
  prefix.fill(0)
  assert.ok(trie.matches(bytes('abcd')))
})

test('prefixes of any length can be forked and joined again', () => {
  const trie = new Trie<string>()
  const long = 'A'.repeat(300_000)
  trie.add(bytes(`${long}x`), 'h')
  trie.add(bytes(`${long}y`), 'h')
  assert.is(trie.remove(bytes(`${long}x`), 'h'), true)
  assert.equal(
    trie.prefixes().map((prefix) => prefix.length),
    [300_001],
  )
  trie.removeHolder('h', () => {})
  assert.equal(trie.prefixes(), [])
})

test('prefixes that were removed leave nothing behind', () => {
  const trie = new Trie<string>()
  const heap = (): number => {
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  trie.add(bytes('news.'), 'holder')
  const before = heap()
  for (let n = 0; n < 100_000; n++) {
    const prefix = bytes(`news.${(n * 2_654_435_761) % 4_294_967_296}`)
    trie.add(prefix, 'holder')
    trie.remove(prefix, 'holder')
  }
  const grown = heap() - before
  assert.ok(grown < 5_000_000, `${grown} bytes more`) // a node takes some 300
  assert.is(trie.matches(bytes('news.1')), true)
})

test.run()

// The ini scanner: DigitalPy's dialect, positions in messages, and agreement with npm's ini.
import fc from 'fast-check'
import * as ini from 'ini'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../../src/core/errors.ts'
import { parseList, scanIni } from '../../../src/flow/ini.ts'

const scan = (...lines: string[]) => scanIni(lines.join('\n'), 'a.ini')
const values = (...lines: string[]) =>
  scan('[s]', ...lines).sections[0]?.entries.map(({ key, value }) => [key, value])
const refuses = (pattern: RegExp, ...lines: string[]) => {
  try {
    scan(...lines)
  } catch (error) {
    assert.instance(error, ZmqError)
    assert.is((error as ZmqError).code, 'EINVAL')
    assert.match((error as ZmqError).message, pattern)
    return
  }
  assert.unreachable('nothing was thrown')
}

test('sections and entries keep their order, lines and repetitions', () => {
  const { sections, warnings } = scan('', '[B ]', 'k = 1', '10', '2', 'k = 1', '10', '[A]', '[B ]')
  assert.equal(
    sections.map(({ name, line, entries }) => [name, line, entries.map((e) => e.line)]),
    [
      ['B ', 2, [3, 4, 5, 6, 7]],
      ['A', 8, []],
      ['B ', 9, []],
    ],
  )
  assert.equal(
    sections[0]?.entries.map(({ key, value }) => [key, value]),
    [
      ['k', '1'],
      ['10', undefined],
      ['2', undefined],
      ['k', '1'],
      ['10', undefined],
    ],
  )
  assert.equal(warnings, [])
})

test('an entry is split at the first "=", both sides trimmed, case kept', () => {
  assert.equal(values(' Key =  a = b ', 'x=', '= y'), [
    ['Key', 'a = b'],
    ['x', ''],
    ['', 'y'],
  ])
})

test('only a ";" at the start of a line is a comment', () => {
  assert.equal(values('; one', '  ; two', 'a = true ; x', '# b', 'u = tcp://h:1/#x'), [
    ['a', 'true ; x'],
    ['# b', undefined],
    ['u', 'tcp://h:1/#x'],
  ])
})

test('a byte order mark and all line endings are accepted', () => {
  const { sections } = scanIni('\ufeff[s]\r\na = 1\r\n\r\nb\rc', 'a.ini')
  assert.equal(
    sections[0]?.entries.map(({ key, line }) => [key, line]),
    [
      ['a', 2],
      ['b', 4],
      ['c', 5],
    ],
  )
})

test('a list over several lines becomes one value', () => {
  const expected = [['k', '[1, 2]']]
  assert.equal(values('k=[', ' 1,', '; c', '', ' 2]'), expected)
  assert.equal(values('k = [1', ',2', ']'), expected)
  assert.equal(values('k = [', '1', '2', ']'), expected)
  assert.equal(values('k = [', ']', 'a'), [
    ['k', '[]'],
    ['a', undefined],
  ])
})

test('a list on one line stays as it is written', () => {
  assert.equal(values('k = [a,,b]'), [['k', '[a,,b]']])
})

test('a list that is not closed is refused where it starts', () => {
  refuses(/^a\.ini:2: the list .* not closed: add "]"/, '[s]', 'k = [', 'a')
  refuses(/^a\.ini:2: the list/, '[s]', 'k = [', 'a', '[next]', 'b = 1')
})

test('an entry before any section is refused', () => {
  refuses(/^a\.ini:2: "k = 1" stands before any section/, '', 'k = 1', '[s]')
})

test('a header without "]" or without a name is refused', () => {
  refuses(/^a\.ini:1: the header \[abc is not closed/, '[abc')
  refuses(/^a\.ini:1: the header has no name/, '[ ]')
})

test('text after a header warns, and the name is what the brackets hold', () => {
  const { sections, warnings } = scan('  [X] ; note', 'a', '[y]z]')
  assert.equal(
    sections.map(({ name }) => name),
    ['X', 'y'],
  )
  assert.equal(warnings, [
    { file: 'a.ini', line: 1, message: 'text after [X] is ignored: ; note' },
    { file: 'a.ini', line: 3, message: 'text after [y] is ignored: z]' },
  ])
})

test('parseList gives trimmed items and no empty ones', () => {
  assert.equal(parseList('[1, x]'), ['1', 'x'])
  assert.equal(parseList('[a,,b,]'), ['a', 'b'])
  assert.equal(parseList('[]'), [])
  assert.equal(parseList(''), [])
  assert.equal(parseList(' a, b '), ['a', 'b'])
})

const word = fc.stringMatching(/^[a-z][a-zA-Z0-9_^?@-]{1,8}$/)
const value = fc.stringMatching(/^v[a-zA-Z0-9 ._?@:/-]{0,10}[a-z0-9]$/)
const names = (max: number) => fc.uniqueArray(word, { maxLength: max })

test('property: plain sections and entries read as npm ini reads them', () => {
  const file = fc.dictionary(word, fc.dictionary(word, value, { noNullPrototype: true }), {
    noNullPrototype: true,
  })
  fc.assert(
    fc.property(file, (data) => {
      const text = ini.stringify(data, { whitespace: true })
      const ours = scanIni(text, 'f').sections.map(({ name, entries }) => [
        name,
        Object.fromEntries(entries.map((entry) => [entry.key, entry.value])),
      ])
      const theirs = Object.entries(ini.parse(text)).map(([name, all]) => [name, { ...all }])
      assert.equal(ours, theirs)
    }),
  )
})

test('property: a list reads the same however it is broken over lines', () => {
  const breaks = fc.infiniteStream(fc.constantFrom('', '\n', '\n\n; note ]\n', '\r\n  '))
  fc.assert(
    fc.property(names(6), breaks, (items, stream) => {
      const gap = () => stream.next().value
      const body = items.map((item) => `${gap()}${item}${gap()}`).join(',')
      const entries = scanIni(`[s]\nk = [${gap()}${body}${gap()}]\nend`, 'f').sections[0]?.entries
      assert.equal(parseList(entries?.[0]?.value ?? 'none'), items)
      assert.is(entries?.[1]?.key, 'end')
    }),
  )
})

test('property: any text is read or refused with a ZmqError', () => {
  const pieces = fc.array(fc.constantFrom('[', ']', '=', ';', '\n', '\r', ',', 'a', ' ', '\ufeff'))
  fc.assert(
    fc.property(
      fc.oneof(
        pieces.map((all) => all.join('')),
        fc.string(),
      ),
      (text) => {
        try {
          return scanIni(text, 'f').sections.every(({ name }) => name !== '')
        } catch (error) {
          return error instanceof ZmqError && /^f:\d+: /.test(error.message)
        }
      },
    ),
  )
})

test.run()

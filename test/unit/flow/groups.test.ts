// Parallel groups: how files write them, and what makeFlow refuses.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../../src/core/errors.ts'
import { makeFlow } from '../../../src/flow/flow.ts'
import { groupAt, groupsOf } from '../../../src/flow/groups.ts'
import { loadFlows } from '../../../src/flow/load.ts'
import { ActionKey } from '../../../src/topic/action-key.ts'

const load = (...lines: string[]) => {
  const { flows, warnings } = loadFlows(['[F]', ...lines].join('\n'), 'f.ini')
  const told = warnings.map(({ file, line, message }) => `${file}:${line}: ${message}`)
  return { flow: flows[0]!, warnings: told }
}

test('lines with "&" form groups, and every step keeps its index', () => {
  const { flow, warnings } = load(
    '?c?Push',
    '& ?c?a',
    '&?c?b # note',
    '?c?c',
    '& S?c?d',
    'lease = 5',
    '; a comment does not end a group, nor does an option',
    '& S?c@Mine?e',
    '  &   S?c?f',
    '??done',
  )
  assert.equal(warnings, [])
  assert.equal(flow.steps.map(String), [
    ...['?c?Push', '?c?a', '?c?b', '?c?c'],
    ...['S?c?d', 'S?c@Mine?e', 'S?c?f', '??done'],
  ])
  assert.equal(flow.groups, [
    { first: 1, end: 3 },
    { first: 4, end: 7 },
  ])
  assert.throws(() => Object.assign(flow.groups[0]!, { end: 9 }), TypeError)
})

test('a group of one warns and is an ordinary step', () => {
  const { flow, warnings } = load('& ?c?a', '?c?b', '& ?c?c', '??done')
  assert.equal(flow.groups, [])
  assert.equal(flow.steps.map(String), ['?c?a', '?c?b', '?c?c', '??done'])
  const advice = 'is alone in its parallel group: add another "&" step, or take the "&" out'
  assert.equal(warnings, [`f.ini:2: ?c?a ${advice}`, `f.ini:4: ?c?c ${advice}`])
})

test('Push and done are in no group: their "&" warns and ends the group', () => {
  const { flow, warnings } = load('& ?c?Push', '& ?c?a', '& ?c?b', '& ??done')
  assert.equal(flow.groups, [{ first: 1, end: 3 }])
  assert.equal(warnings, [
    'f.ini:2: ?c?Push cannot be in a parallel group and is read without "&"',
    'f.ini:5: ??done cannot be in a parallel group and is read without "&"',
  ])
})

test('a line of a group that is no step is skipped, and the group goes on', () => {
  const { flow, warnings } = load('& ?c?a', '& nonsense', '&', '&& ?c?x', '& ?c?b', '??done')
  assert.equal(flow.groups, [{ first: 0, end: 2 }])
  assert.equal(
    warnings.map((text) => text.slice(0, 16)),
    ['f.ini:3: skipped', 'f.ini:4: skipped', 'f.ini:5: skipped'],
  )
})

test('the version tells groups from sequences, and where one ends', () => {
  const versions = [
    load('?c?a', '?c?b', '?c?c').flow.version,
    load('& ?c?a', '& ?c?b', '?c?c').flow.version,
    load('?c?a', '& ?c?b', '& ?c?c').flow.version,
    load('& ?c?a', '& ?c?b', '& ?c?c').flow.version,
  ]
  assert.is(new Set(versions).size, 4)
})

test('makeFlow refuses groups that are no ranges of two or more steps of work', () => {
  const steps = ['?c?Push', '??a', '??b', '??c', '??done'].map(ActionKey.parse)
  const bad = [
    [{ first: 1, end: 2 }],
    [{ first: 1, end: 1 }],
    [{ first: -1, end: 2 }],
    [{ first: 1, end: 9 }],
    [{ first: 0.5, end: 3 }],
    [{ first: 0, end: 2 }],
    [{ first: 3, end: 5 }],
    [
      { first: 1, end: 3 },
      { first: 2, end: 4 },
    ],
  ]
  for (const groups of bad) {
    const isRefused = (error: ZmqError) => error.code === 'EINVAL' && / group/.test(error.message)
    assert.throws(() => makeFlow('F', steps, { groups }), isRefused, JSON.stringify(groups))
  }
  assert.is(makeFlow('F', steps, { groups: [{ first: 1, end: 4 }] }).groups.length, 1)
})

test('property: groups are the longest runs of two or more marks', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean()), (marks) => {
      const groups = groupsOf(marks)
      for (const [index, isMarked] of marks.entries()) {
        const isInGroup = isMarked && (marks[index - 1] === true || marks[index + 1] === true)
        assert.is(groupAt(groups, index) !== undefined, isInGroup)
      }
      for (const { first, end } of groups) {
        assert.ok(end - first >= 2)
        assert.is.not(marks[first - 1], true)
        assert.is.not(marks[end], true)
      }
    }),
  )
})

test('property: any text after "&", short of a list, is a step or a warning, never an exception', () => {
  const line = fc.oneof(fc.string(), fc.constantFrom('?c?a', '??b', '??done', '?c?Push', 'x = 1'))
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (texts) => {
      const lines = texts.map((text) => `&${text.replace(/[\r\n[]/g, '')}`)
      const { flow } = load(...lines)
      for (const { first, end } of flow.groups) assert.ok(end <= flow.steps.length && first >= 0)
    }),
  )
})

test.run()

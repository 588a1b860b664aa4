// The static check: one flow with each mistake, and the real files, which have few.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { check, type Finding, type Places } from '../../../src/flow/check.ts'
import { defineDecorator } from '../../../src/flow/decorators.ts'
import { loadActions, loadFlows } from '../../../src/flow/load.ts'
import { ActionKey } from '../../../src/topic/action-key.ts'
import { CORE_FLOWS, MAPPINGS } from './examples.ts'

interface Given {
  readonly actions?: string[]
  readonly subscribers?: string[]
}

const input = (flows: string, { actions = [], subscribers }: Given = {}) => ({
  flows: loadFlows(flows, 'f.ini').flows,
  actions: loadActions(['[actionmapping]', ...actions].join('\n'), 'a.ini').map,
  subscribers: subscribers?.map((text) => ActionKey.parse(text)),
})
const findings = (flows: string, given: Given = {}): Finding[] => check(input(flows, given))
const told = (flows: string, given: Given = {}): string[] =>
  findings(flows, given).map(({ severity, code }) => `${severity} ${code}`)

const MAPPED = { actions: ['?c?a = x', '?c?b = y'] }

test('a flow of Push, mapped steps and done is clean', () => {
  assert.equal(findings('[F]\n?c?Push\nS?c?a\n?c?b\n??done', MAPPED), [])
  assert.equal(findings('[Empty]'), [])
})

test('a step that no mapping knows and nobody subscribes to is an error', () => {
  const [finding, ...more] = findings('[F]\n?c?a\n?c?typo\n?c?b\n??done', MAPPED)
  assert.equal(more, [])
  assert.is(finding?.code, 'unknown-action')
  assert.is(finding?.severity, 'error')
  assert.match(finding?.message ?? '', /no mapping knows step \?c\?typo of flow F/)
  assert.equal(told('[F]\n?c?x\n??done', { subscribers: ['?c?'] }), [])
  assert.equal(told('[F]\n?c?x\n??done', { subscribers: ['?other?'] }), ['error unknown-action'])
})

test('a last step Publish is how older flows end: only the missing done is told', () => {
  assert.equal(told('[F]\n?c?a\nS?c?Publish', { actions: ['?c?a = x'] }), ['warning missing-done'])
  assert.equal(told('[F]\nS?c?Publish\n??done'), ['error unknown-action'])
})

test('a published step is checked only where subscribers are known', () => {
  const flow = '[F]\n?c?Push\nS?c@PUBLISH?news\n??done'
  assert.equal(told(flow), [])
  assert.equal(told(flow, { subscribers: ['?@PUBLISH?news'] }), [])
  assert.equal(told(flow, { subscribers: ['??other'] }), ['warning no-subscriber'])
})

test('a step that waits, and one for the workers, need no mapping', () => {
  assert.equal(told('[F]\n?c@PUBLISH?ask\n?c@ASYNC?answer\n?c@ROUTING_WORKER?update\n??done'), [])
})

test('where handlers choose actions, no mapping is without use', () => {
  assert.ok(told('[F]\n?c?a\n??done', MAPPED).includes('warning unused-mapping'))
  assert.equal(told('[F]\nnext = handler\n?c?a\n??done', MAPPED), [])
})

test('steps after done never run; only they are told, whatever else is wrong with them', () => {
  const all = findings('[F]\n?c?a\n??done\n?c?b\n?c?typo', MAPPED)
  assert.equal(
    all.map(({ code, message }) => `${code} ${message.split(' ')[1]}`),
    ['unreachable-step ?c?b', 'unreachable-step ?c?typo', 'unused-mapping step'],
  )
})

test('a missing done and a step twice in a row are warnings', () => {
  assert.equal(told('[F]\n?c?a\n?c?b', MAPPED), ['warning missing-done'])
  assert.equal(told('[F]\n?c?a\n?c?a\n?c?b\n?c?a\n??done', MAPPED), ['warning repeated-step'])
})

test('a Push that is not first is an error, unless it is published', () => {
  assert.equal(told('[F]\n?c?a\n?c?b\n?d?Push\n??done', MAPPED), ['error late-push'])
  assert.equal(told('[F]\n?c?a\n?c?b\n?d@PUBLISH?Push\n??done', MAPPED), [])
})

test('a decorator that nobody knows is a warning; mapping, subscriber or table may know it', () => {
  const flow = '[F]\n?c@OWN?a\n??done'
  assert.equal(told(flow, { actions: ['??a = x'] }), ['warning unknown-decorator'])
  assert.equal(told(flow, { actions: ['?c@OWN?a = x'] }), [])
  assert.equal(told(flow, { subscribers: ['?@OWN?'] }), [])
  const known = { ...input(flow), decorators: defineDecorator('OWN', 'publish') }
  assert.equal(check(known), [])
})

test('a mapping that no step uses is a warning that says what could', () => {
  const flow = '[F]\n?c?a\n?c@PUBLISH?b\n??done'
  const [published, unused] = findings(flow, { actions: ['?c?a = x', '?c?b = y', '?d?z = w'] })
  assert.match(published?.message ?? '', /mapping of \?c\?b: only published steps would/)
  assert.match(
    unused?.message ?? '',
    /mapping of \?d\?z: only messages without a flow, and handlers that call it, could/,
  )
  assert.equal(told('', MAPPED), [], 'without flows nothing can be said')
})

test('what is published with neither a wait nor the end behind it ends the message: a warning', () => {
  const early = (steps: string) =>
    told(`[F]\n${steps}\n??done`, MAPPED).filter((one) => one.includes('early'))
  assert.equal(early('?c@PUBLISH?p\n?c?a'), ['warning ends-early'])
  assert.equal(early('?c@PUBLISH?p\n?c@ASYNC?w\n?c?a'), [])
  assert.equal(early('?c?a\n?c@PUBLISH?p'), [])
  assert.equal(early('& ?c@PUBLISH?p\n& ?c?b\n?c?a'), [])
  assert.equal(early('?d@PUBLISH?Push\n?c?a'), [])
})

test('a mapping is used by the steps that it serves as a pattern, and by a catch', () => {
  assert.equal(told('[F]\nS?c?a\n??done', { actions: ['?c? = x'] }), [])
  const caught = '[F]\ncatch = ?c?b\n?c?a\n??done'
  assert.equal(told(caught, MAPPED), [])
  assert.equal(told(caught, { actions: ['?c?a = x'] }), ['error unknown-action'])
})

test('flows that push into each other are told once, with the way round', () => {
  const loop = ['[A]', '?a?Push', '?b@PUBLISH?Push', '??done', '[B]', '?b?Push', '?a@PUBLISH?Push']
  const [finding, ...more] = findings([...loop, '??done'].join('\n'))
  assert.equal(more, [])
  assert.is(finding?.code, 'flow-loop')
  assert.match(finding?.message ?? '', /in a loop: A -> B -> A$/)
  assert.equal(told('[A]\n?a?Push\n?a@PUBLISH?Push\n??done'), ['warning flow-loop'])
  assert.equal(told('[A]\n?a?Push\n?b@PUBLISH?Push\n??done\n[B]\n?b?Push\n??done'), [])
})

test('places are asked for the flow, the step or the entry that a finding is about', () => {
  const places: Places = {
    flow: (name) => ({ file: name, line: 1 }),
    step: (flow, index) => ({ file: flow, line: index + 10 }),
    entry: (key) => ({ file: `${key}`, line: 3 }),
  }
  const given = input('[F]\n?c?a\n?c?typo\n?c?a', MAPPED)
  const lines = check({ ...given, places }).map(({ code, file, line }) => `${code} ${file} ${line}`)
  assert.equal(lines, ['missing-done F 1', 'unknown-action F 11', 'unused-mapping ?c?b 3'])
})

test('of the real flows, those that older versions ended differently are told', () => {
  const { flows } = loadFlows(CORE_FLOWS, 'f.ini')
  const { map } = loadActions(MAPPINGS, 'm.ini')
  const errors = check({ flows, actions: map }).filter(({ severity }) => severity === 'error')
  assert.equal(
    errors.map(({ message }) => message.split(' ')[4]),
    [
      'Subject?FilmologyManagement__POSTMovie?POSTMovie',
      '?LoanManagement__POSTLoan?Test',
      'Subject?LoanManagement__POSTLoan?TestPOSTLoan',
      'LoanManagement?LoanManagement__POSTLoan?serializeToJson',
    ],
  )
})

test.run()

// What comes next for a message, with a flow or without one, and the decorators that count there.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defineDecorator } from '../../../src/flow/decorators.ts'
import {
  makeProgram,
  nextStep,
  type Program,
  resumedStep,
  stepAfter,
} from '../../../src/manager/program/program.ts'

const FLOWS = `[F]
?c?Push
?c@ASYNC?later
?c@ROUTING_WORKER?update
& ?c?a
& ?c?b
?c@NOTIFY?a
??done`
const files = [
  [{ text: FLOWS, file: 'f.ini' }],
  [{ text: '[actionmapping]\n??a = x', file: 'm.ini' }],
] as const
const at = (program: Program, step: number) => {
  const { version } = program.flows.find('F')
  return { id: 'i', flow: 'F', version, step, format: 'json', at: 0, attempt: 0, key: '??a' }
}
const flowless = (key: string) => ({ ...at(makeProgram(...files), 0), flow: '', key })

test('a wait, a control step and a group are decisions like others; after its one step a message without a flow ends', () => {
  const program = makeProgram(...files)
  const does = [1, 2, 3, 5].map((step) => nextStep(program, at(program, step)).do)
  assert.equal(does, ['wait', 'control', 'fork', 'run'])
  assert.is(nextStep(program, flowless('?c@ROUTING_WORKER?FINISH')).do, 'control')
  assert.is(stepAfter(program, flowless('?c?a')).do, 'end')
  assert.is(stepAfter(program, at(program, 5)).do, 'end')
})

test('after a wait its step runs if a mapping knows it, else the next one is decided', () => {
  const program = makeProgram(...files)
  assert.is(resumedStep(program, at(program, 1)).do, 'control')
  assert.is(resumedStep(program, flowless('?c@ASYNC?later')).do, 'end')
  assert.is(resumedStep(program, flowless('?c@ASYNC?a')).do, 'run')
  assert.is(resumedStep(program, flowless('?c@PUBLISH?a')).do, 'end', 'it was answered')
})

test('decorators of the user count in flows and without one', () => {
  const plain = makeProgram(...files)
  assert.is(nextStep(plain, at(plain, 5)).do, 'run')
  const program = makeProgram(...files, defineDecorator('NOTIFY', 'publish'))
  assert.is(nextStep(program, at(program, 5)).do, 'publish')
  assert.is(nextStep(program, flowless('?c@NOTIFY?a')).do, 'publish')
})

test.run()

// What the manager does with decisions it cannot carry out, and the decorators it passes on.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../../src/core/errors.ts'
import { defineDecorator } from '../../../src/flow/decorators.ts'
import { makeProgram, nextStep, type Program } from '../../../src/manager/program.ts'

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

test('a wait, a control step and a group are refused with EFSM and a reason', () => {
  const program = makeProgram(...files)
  const reasons = [/waits for an answer/, /only the Integration Manager/, /parallel group/]
  for (const [index, reason] of reasons.entries()) {
    const isRefused = (error: ZmqError) => error.code === 'EFSM' && reason.test(error.message)
    assert.throws(() => nextStep(program, at(program, index + 1)), isRefused)
  }
  const isRefused = (error: ZmqError) => error.code === 'EFSM'
  assert.throws(() => nextStep(program, flowless('?c@ROUTING_WORKER?FINISH')), isRefused)
})

test('decorators of the user count in flows and without one', () => {
  const plain = makeProgram(...files)
  assert.is(nextStep(plain, at(plain, 5)).do, 'run')
  const program = makeProgram(...files, defineDecorator('NOTIFY', 'publish'))
  assert.is(nextStep(program, at(program, 5)).do, 'publish')
  assert.is(nextStep(program, flowless('?c@NOTIFY?a')).do, 'publish')
})

test.run()

// Programs that know those before them: which version of a flow, and whose mapping, serves a message.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeProgram, nextStep, type Program } from '../../../src/manager/program/program.ts'
import type { Sources } from '../../../src/manager/program/sources.ts'
import { ActionKey } from '../../../src/topic/action-key.ts'

const sourcesOf = (flows: string, actions: string): Sources => ({
  flows: [{ file: 'f.ini', text: flows }],
  actions: [{ file: 'm.ini', text: `[actionmapping]\n${actions}` }],
})
const flowF = (...steps: string[]) => `[F]\n?c?Push\n${steps.join('\n')}\n??done\n`
const programOf = (sources: Sources, earlier: readonly Sources[] = []) =>
  makeProgram(sources.flows, sources.actions, undefined, earlier)
const reloaded = (program: Program, next: Sources) =>
  programOf(next, [program.sources, ...program.earlier])
const header = (program: Program, step: number) => {
  const { version } = program.flows.find('F')
  return { id: 'i', flow: 'F', version, step, format: 'json', at: 0, attempt: 0, key: '??a' }
}
const told = (program: Program, at: ReturnType<typeof header>) => {
  const { do: what, key } = nextStep(program, at)
  return `${what} ${key}`
}

test('a step that only the mapping before knows is run in messages of before, and in no others', () => {
  const before = programOf(sourcesOf(flowF('??a', '??b'), '??a = old#a\n??b = old#b'))
  const now = reloaded(before, sourcesOf(flowF('??a', '??c', '??b'), '??a = new#a\n??c = new#c'))
  const old = header(before, 2)
  const fresh = header(now, 3)
  assert.is(told(now, old), 'run ??b')
  assert.is(told(now, fresh), 'publish ??b')
  const b = ActionKey.parse('??b')
  assert.is(now.targetOf(b, old)?.text, 'old#b')
  assert.is(now.targetOf(b, fresh), undefined)
})

test('what both mappings know is run as the new one says, in all messages', () => {
  const before = programOf(sourcesOf(flowF('??a'), '??a = old#a'))
  const now = reloaded(before, sourcesOf(flowF('??a', '??a'), '??a = new#a'))
  const a = ActionKey.parse('??a')
  assert.is(now.targetOf(a, header(before, 1))?.text, 'new#a')
  assert.is(now.targetOf(a, header(now, 1))?.text, 'new#a')
})

test('a step published in the version before stays published there, though it is mapped now', () => {
  const before = programOf(sourcesOf(flowF('??a', '??tell'), '??a = x#a'))
  const now = reloaded(before, sourcesOf(flowF('??tell'), '??a = x#a\n??tell = x#tell'))
  assert.is(told(now, header(before, 2)), 'publish ??tell')
  assert.is(told(now, header(now, 1)), 'run ??tell')
})

test('a program before is kept as long as it has a version that no later one has', () => {
  const a = sourcesOf(flowF('??a'), '??a = x#a')
  const b = sourcesOf(flowF('??b'), '??b = x#b')
  const mappingOnly = sourcesOf(flowF('??b'), '??b = y#b')
  let program = programOf(a)
  for (const next of [b, mappingOnly, a, b]) program = reloaded(program, next)
  assert.is(program.earlier.length, 1)
  assert.equal(program.earlier[0], a)
  assert.is(program.targetOf(ActionKey.parse('??b'), header(program, 1))?.text, 'x#b')
})

test('a program before goes when later ones together have all its versions', () => {
  const both = (f: string, g: string) => {
    return sourcesOf(`${flowF(f)}[G]\n${g}\n??done\n`, '??x = x#x')
  }
  const [first, second, third, now] = [
    both('??1', '??1'),
    both('??1', '??2'),
    both('??2', '??1'),
    both('??3', '??3'),
  ] as const
  const program = [second, third, now].reduce(reloaded, programOf(first))
  assert.equal(program.earlier, [third, second])
  assert.is(program.flows.all().length, 6)
})

test('of many programs before the latest 64 are kept', () => {
  const nth = (n: number) => sourcesOf(flowF(`??a${n}`), `??a${n} = x#a`)
  let program = programOf(nth(0))
  const first = header(program, 1)
  for (let n = 1; n <= 64; n++) program = reloaded(program, nth(n))
  assert.is(told(program, first), 'run ??a0')
  program = reloaded(program, nth(65))
  assert.is(program.earlier.length, 64)
  assert.throws(() => nextStep(program, first), /No version/)
})

test('a flow that is gone is known for messages of before, and starts none', () => {
  const before = programOf(sourcesOf(flowF('??a'), '??a = x#a'))
  const now = reloaded(before, sourcesOf('[G]\n??g\n??done\n', '??g = x#g'))
  assert.is(told(now, header(before, 1)), 'run ??a')
  assert.equal(now.flows.names, ['G'])
  assert.throws(() => now.flows.start('F'), /No flow "F"/)
})

test.run()

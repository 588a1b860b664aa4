// What flows cost: a decision of the flow engine by its kind, in nanoseconds, and a further step of a
// flow in a worker, found by sending messages through flows of one and of ten steps that do nothing.
//
// Usage: node --import tsx bench/flow-engine.ts --help

import { type Decision, decide } from '../src/flow/flow-engine.ts'
import { makeProgram, type Program } from '../src/manager/program/program.ts'
import { countArg, main } from './support/args.ts'
import { withBenchFiles } from './support/bench-manager.ts'
import { type Contestant, zmanagers } from './support/contestants.ts'
import { FLAG, flags, TEXT } from './support/flags.ts'
import { Progress } from './support/progress.ts'
import { publish } from './support/sheet.ts'
import { median } from './support/statistics.ts'

const USAGE = `flow-engine [--decisions N] [--messages N] [--rounds 7] [--quick] [--json FILE]
  --decisions  in a round, of each kind, instead of 1000000
  --messages   in a round, through each flow, instead of 10000
  --quick      2 rounds, a tenth of both
  --json       a file for the table, such as bench/results/flow-engine.json`

const OPTIONS = { decisions: TEXT, messages: TEXT, rounds: TEXT, quick: FLAG, json: TEXT } as const

const FLOW = `[F]
?Bench?Push
Subject?Bench?mapped
Subject?Bench@PUBLISH?told
Subject?Bench?unmapped
?Bench@ASYNC?answer
& ?Bench?mapped
& ?Bench?mapped
??done
`
const ACTIONS = '[actionmapping]\n?Bench?mapped = ./handlers.js#mapped\n'
/** What is asked, and at which step of the flow. */
const KINDS: readonly (readonly [kind: string, step: number])[] = [
  ['run, at the start', 0],
  ['run', 1],
  ['publish, by its decorator', 2],
  ['publish, as no mapping knows it', 3],
  ['wait', 4],
  ['fork of two', 5],
  ['end', 7],
]
const STEPS = { one: 1, ten: 10 } as const

let last: Decision | undefined // so that no decision is optimized away

function decisions(program: Program, step: number, count: number): number {
  const { version } = program.flows.find('F')
  const positions = Array.from({ length: 16 }, () => ({ flow: 'F', version, step }))
  const startedAt = performance.now()
  for (let i = 0; i < count; i++) last = decide(program, positions[i & 15] as (typeof positions)[0])
  return ((performance.now() - startedAt) / count) * 1e6
}

function engineRows(count: number, rounds: number, progress: Progress): string[][] {
  const program = makeProgram(
    [{ file: 'flows.ini', text: FLOW }],
    [{ file: 'actions.ini', text: ACTIONS }],
  )
  const found = KINDS.map(() => [] as number[])
  for (let round = -1; round < rounds; round++) {
    for (const [kind, [, step]] of KINDS.entries()) {
      const ns = decisions(program, step, count)
      if (round >= 0) found[kind]?.push(ns)
    }
    progress.done(`decisions, round ${round + 1} of ${rounds}`)
  }
  if (last?.do !== 'end') throw new Error(`the last decision is '${last?.do}' instead of the end`)
  return KINDS.map(([kind], i) => [`decide: ${kind}`, `${median(found[i] ?? []).toFixed(0)} ns`])
}

async function microseconds({ run }: Contestant, flow: string, count: number): Promise<number> {
  const startedAt = performance.now()
  await run(flow, count)
  return ((performance.now() - startedAt) / count) * 1000
}

async function stepRows(count: number, rounds: number, progress: Progress): Promise<string[][]> {
  const flows = Object.entries(STEPS).map(([name, steps]) => {
    return { name, handler: 'nothing', steps } as const
  })
  const found: { one: number; ten: number }[] = []
  await withBenchFiles('inproc', 1, flows, async ({ ini }) => {
    const contestants = await zmanagers(ini, Object.keys(STEPS), 1)
    const [manager] = contestants as [Contestant]
    for (let round = -1; round < rounds; round++) {
      const one = await microseconds(manager, 'one', count)
      const ten = await microseconds(manager, 'ten', count)
      if (round >= 0) found.push({ one, ten })
      progress.done(`messages, round ${round + 1} of ${rounds}`)
    }
    for (const { close } of contestants) await close()
  })
  const us = (value: number): string => `${value.toFixed(1)} us`
  const further = found.map(({ one, ten }) => (ten - one) / (STEPS.ten - STEPS.one))
  return [
    ['a message, flow of 1 step, 1 worker', us(median(found.map(({ one }) => one)))],
    ['a message, flow of 10 steps, 1 worker', us(median(found.map(({ ten }) => ten)))],
    ['a further step in the worker', us(median(further))],
  ]
}

await main(USAGE, async (args) => {
  const given = flags(args, OPTIONS)
  const count = countArg('--decisions', given.decisions ?? (given.quick ? '100000' : '1000000'))
  const messages = countArg('--messages', given.messages ?? (given.quick ? '1000' : '10000'))
  const rounds = countArg('--rounds', given.rounds ?? (given.quick ? '2' : '7'))
  const progress = new Progress(2 * (rounds + 1))
  const rows = engineRows(count, rounds, progress)
  rows.push(...(await stepRows(messages, rounds, progress)))
  progress.end()
  await publish({ tool: 'flow-engine', head: ['what', 'takes'], rows }, given.json)
  return 0
})

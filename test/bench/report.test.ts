// What the matrix makes of its runs: ratios, verdicts, comparison, and the bare codec's frames.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BareReader } from '../../bench/support/bare-reader.ts'
import type { Row } from '../../bench/support/cell.ts'
import { cellName, cellsFor } from '../../bench/support/cells.ts'
import { chart } from '../../bench/support/chart.ts'
import { judge } from '../../bench/support/figures.ts'
import { latencyOf } from '../../bench/support/latency.ts'
import type { Mode } from '../../bench/support/protocol.ts'
import { evaluate } from '../../bench/support/report.ts'
import { compare } from '../../bench/support/verdicts.ts'

const test = suite('bench report')

function row(mode: Mode, ...rates: number[]): Row {
  const runs = rates.map((rate) => ({ count: rate, seconds: 1, rate, cpuUs: 1, rss: 1 }))
  return { shape: 'push-pull', transport: 'ipc', size: 16, mode, runs }
}

test('ratios are taken round by round', () => {
  const [ours] = evaluate([row('zmanager await', 100, 400, 90), row('native await', 10, 20, 10)])
  assert.equal(ours?.ratio?.pairs, [10, 20, 9])
  assert.is(ours?.ratio?.median, 10)
})

test('every figure has a verdict, measured or not', () => {
  const none = judge([], { failed: [] })
  assert.ok(none.every(({ verdict }) => verdict === 'not measured'))
  const figure = 'push-pull, ipc, 16 B, zmanager await'
  const verdictOf = (rate: number): string | undefined => {
    const results = evaluate([row('zmanager await', rate), row('native await', 10)])
    const all = judge(results, { failed: [] })
    assert.is(all.length, none.length)
    return all.find((one) => one.figure === figure)?.verdict
  }
  assert.is(verdictOf(100), 'met')
  assert.is(verdictOf(99), 'missed')
})

test('verdicts of two runs are compared where both measured', () => {
  const of = (rate: number) =>
    judge(evaluate([row('zmanager await', rate), row('native await', 10)]), { failed: [] })
  assert.match(compare(of(100), of(110)), /^1 figures in both runs: the verdicts are the same$/)
  assert.match(compare(of(100), of(90)), /differ\n.*missed \(9\.00x\) -> met \(10\.0x\)$/)
})

test('the full matrix has every pattern, transport and size, and can be narrowed', () => {
  const all = { preset: 'all' as const, native: true, sizes: undefined, only: [] }
  assert.is(cellsFor(all).length, 8 * 5 * 6)
  const some = cellsFor({ ...all, only: ['queue ipc 16'] })
  assert.equal(some.map(cellName), ['queue ipc 16'])
})

test('a chart draws a point for each ratio', () => {
  const results = evaluate([row('zmanager await', 100), row('native await', 10)])
  assert.is(chart(results).match(/<circle/g)?.length, 1)
})

test('a latency keeps its histogram', () => {
  const { p50, p99, histogram } = latencyOf(Float64Array.from([10, 20, 30, 1000]))
  assert.equal([p50, p99], [20, 1000])
  assert.is(
    histogram.reduce((sum, [, count]) => sum + count, 0),
    4,
  )
})

test('the bare reader takes frames split at every byte', async () => {
  const long = Buffer.alloc(300, 7)
  const header = Buffer.from([2, 0, 0, 0, 0, 0, 0, 1, 44])
  const bytes = Buffer.concat([Buffer.from([0, 2, 1, 2]), header, long, Buffer.from([0, 0])])
  for (let at = 1; at < bytes.length; at++) {
    const reader = new BareReader()
    reader.add(bytes.subarray(0, at))
    reader.add(bytes.subarray(at))
    const frames = [await reader.receive(), await reader.receive(), await reader.receive()]
    assert.equal(
      frames.map(({ length }) => length),
      [2, 300, 0],
    )
    assert.ok(frames[1]?.equals(long))
  }
})

test.run()

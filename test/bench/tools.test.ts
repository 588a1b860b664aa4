// The bench tools with tiny counts: each runs and prints what it should.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { temporary } from '../support/temporary.ts'
import { runTool } from './run-tool.ts'

const test = suite('bench tools')
const directory = temporary()
const built = existsSync(fileURLToPath(new URL('../../dist/index.js', import.meta.url)))
const THROUGHPUT = /message size: 16 \[B\]\nmessage count: 200\nmean throughput: \d+ \[msg\/s\]/
const LATENCY =
  /roundtrip count: 50\naverage latency: [\d.]+ \[us\]\np50 .+\np99 latency: [\d.]+ \[us\]/

test("libzmq's tools", async () => {
  const [thr, lat] = [join(directory, 'thr'), join(directory, 'lat')].map((path) => `ipc://${path}`)
  const [local, remote] = await Promise.all([
    runTool('bench/local_thr.ts', thr as string, '16', '200'),
    runTool('bench/remote_thr.ts', thr as string, '16', '200'),
  ])
  assert.match(local.out, THROUGHPUT)
  assert.is(remote.code, 0)
  const [answering, asking] = await Promise.all([
    runTool('bench/local_lat.ts', lat as string, '16', '50'),
    runTool('bench/remote_lat.ts', lat as string, '16', '50'),
  ])
  assert.is(answering.code, 0)
  assert.match(asking.out, LATENCY)
})

test('between threads', async () => {
  const [thr, lat, proxy] = await Promise.all([
    runTool('bench/inproc_thr.ts', '16', '200'),
    runTool('bench/inproc_lat.ts', '16', '50'),
    runTool('bench/proxy_thr.ts', '16', '200'),
  ])
  assert.match(thr.out, THROUGHPUT)
  assert.match(proxy.out, THROUGHPUT)
  assert.match(lat.out, LATENCY)
})

const few = ['--rounds', '1', '--count', '200']
const tables: Record<string, [args: string[], row: RegExp]> = {
  fanout: [['--subscribers', '2', '--sizes', '16', ...few], /^2 subscribers, ipc, 16 B +[\d,]+/m],
  hops: [['--hops', '1', ...few], /^1 devices, ipc, 16 B +[\d,]+ /m],
  multipart: [['--frames', '20', ...few], /^20 frames of 16 B, ipc +[\d,]+ +[\d.]+/m],
  connections: [
    ['--over', 'ipc', '--peers', '20', '--count', '200'],
    /^ipc +20 +\d+ +-?[\d.]+ +[\d.]+$/m,
  ],
  subscriptions: [['--prefixes', '10', '--count', '200'], /^10 +[\d.]+ +-?[\d,]+ +[\d.]+$/m],
}
test('tools with a table of their own', async () => {
  const each = Object.entries(tables).map(async ([tool, [args, row]]) => {
    const { out, err, code } = await runTool(`bench/${tool}.ts`, ...args)
    assert.is(code, 0, `${tool}: ${err}`)
    assert.match(out, row, tool)
  })
  await Promise.all(each)
})

const ofBuild = built ? test : test.skip
ofBuild('pipeline and startup', async () => {
  const [pipeline, startup] = await Promise.all([
    runTool('bench/pipeline.ts', '--count', '100'),
    runTool('bench/startup.ts', '--rounds', '1', '--count', '200'),
  ])
  assert.match(pipeline.out, /^does nothing, 2 workers, inproc +100 +[\d,]+ +100$/m, pipeline.err)
  assert.match(pipeline.out, /^works 1 ms, 2 workers, inproc +10 /m)
  assert.match(startup.out, /^zmanager( +[\d.]+){4} +-?[\d.]+$/m, startup.err)
})

test('what flows cost, and ZManager beside thread pools', async () => {
  const json = join(directory, 'pools.json')
  const [engine, pools] = await Promise.all([
    runTool('bench/flow-engine.ts', '--decisions', '100', '--messages', '20', '--rounds', '1'),
    runTool('bench/pools.ts', '--count', '100', '--rounds', '1', '--json', json),
  ])
  assert.match(engine.out, /^decide: publish, by its decorator +\d+ ns$/m, engine.err)
  assert.match(engine.out, /^a message, flow of 10 steps, 1 worker +[\d.]+ us$/m)
  assert.match(pools.out, /^does nothing +zmanager, to a subscriber( +[\d,]+){3} /m, pools.err)
  assert.match(pools.out, /^works 1 ms +piscina( +[\d,]+){3} +1\.00x$/m)
  assert.is(JSON.parse(readFileSync(json, 'utf8')).rows.length, 8)
})

test('matrix: table, verdicts, files, comparison, and a document filled in', async () => {
  const out = join(directory, 'matrix')
  const args = ['--only', 'push-pull inproc-1 16', '--sizes', '16', '--rounds', '1', '--no-extras']
  const first = await runTool('bench/matrix.ts', ...args, '--out', out)
  assert.is(first.code, 0, first.err)
  assert.match(first.out, /^push-pull +inproc, 1 thread +16 B +zmanager await +[\d,]+/m)
  assert.match(
    first.out,
    /^push-pull, inproc, 1 thread, 16 B, zmanager await +>= 15x .*(met|missed|not measured)$/m,
  )
  assert.match(first.out, /^\d+ figures: \d+ met, \d+ missed, \d+ not measured$/m)
  const { results, verdicts, machine } = JSON.parse(readFileSync(`${out}.json`, 'utf8'))
  assert.is(results[0].runs.length, 1)
  assert.ok(verdicts.length > 100)
  assert.ok(machine.cores > 0)
  assert.match(readFileSync(`${out}.svg`, 'utf8'), /^<svg [\s\S]*<\/svg>\n$/)

  const page = join(directory, 'page.md')
  writeFileSync(page, '<!-- matrix -->\n<!-- /matrix -->\n\n<!-- verdict -->\n<!-- /verdict -->\n')
  const filled = await runTool('bench/fill.ts', page, `${out}.json`)
  assert.is(filled.code, 0, filled.err)
  assert.match(
    readFileSync(page, 'utf8'),
    /\| push-pull \| inproc, 1 thread \| zmanager await \| [\d.]+ [kM]/,
  )
})

test('wrong usage ends with 2 and the usage', async () => {
  const { code, err } = await runTool('bench/matrix.ts', '--nonsense')
  assert.is(code, 2)
  assert.match(err, /usage: matrix/)
})

test.run()

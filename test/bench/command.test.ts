// zmanager bench as a user runs it.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { endpoint } from '../support/index.ts'
import { type Printed, runTool } from './run-tool.ts'

const test = suite('zmanager bench')
const bench = (...args: string[]): Promise<Printed> => runTool('src/cli/main.ts', 'bench', ...args)

test('both patterns over the default endpoint, for people', async () => {
  const { code, out, err } = await bench('--count', '1000')
  assert.is(code, 0, err)
  assert.match(
    out,
    /^throughput {2}tcp:.*16 B: [\d,]+ messages\/s, [\d.]+ MB\/s \(1,000 in [\d.]+ s\)$/m,
  )
  assert.match(
    out,
    /^round trip {2}tcp:.*: p50 [\d.]+ us, p99 [\d.]+ us, p99.9 [\d.]+ us, [\d,]+\/s \(10\)$/m,
  )
})

test('one pattern in one thread, as JSON', async () => {
  const args = ['inproc://bench', '--pattern', 'req-rep', '--count', '100', '--size', '5', '--json']
  const { code, out } = await bench(...args)
  assert.is(code, 0)
  const { endpoint, size, results } = JSON.parse(out)
  assert.is(endpoint, 'inproc://bench')
  assert.is(size, 5)
  assert.is(results.length, 1)
  assert.is(results[0].count, 100)
  assert.ok(results[0].p50Us > 0 && results[0].p50Us <= results[0].p99Us)
})

test('two commands, one for each side', async () => {
  const path = endpoint('ipc')
  const load = ['--pattern', 'push-pull', '--count', '100']
  const [measured, took] = await Promise.all([
    bench(path, '--side', 'bind', ...load),
    bench(path, '--side', 'connect', ...load),
  ])
  assert.is(took.code, 0, took.err)
  assert.match(measured.out, /^throughput .*\(100 in /m)
})

test('wrong usage and endpoints that cannot be bound end with 2', async () => {
  const wrong = [['--size', 'x'], ['nope://x'], ['--side', 'bind']]
  const printed = await Promise.all(wrong.map((args) => bench(...args)))
  assert.equal(
    printed.map(({ code }) => code),
    wrong.map(() => 2),
  )
})

test.run()

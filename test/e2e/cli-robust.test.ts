// What must not upset the command line: readers that go away, terminals without a size, names and numbers
// that mean harm, and messages without a flow.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { UsageError } from '../../src/cli/command.ts'
import { bench } from '../../src/cli/commands/bench.ts'
import { scale } from '../../src/cli/commands/operate.ts'
import { Screen } from '../../src/cli/screen.ts'
import { summaryLines } from '../../src/cli/summary.ts'
import { Publisher, type Totals } from '../../src/index.ts'
import { writeFixture } from '../manager/fixture.ts'
import { writeModule } from '../manager/module-fixture.ts'
import { ZMANAGER } from '../support/cli.ts'
import { endpoint, within } from '../support/index.ts'

const LIMIT_MS = 60_000
const root = fileURLToPath(new URL('../..', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs zmanager in a shell: `$ZM` is the command, `$1`, `$2` ... what is given. */
async function shell(script: string, ...given: string[]): Promise<Ended> {
  const zm = [process.execPath, ...ZMANAGER].map((word) => `'${word}'`).join(' ')
  const child = spawn('sh', ['-c', `zm() { ${zm} "$@"; }; ${script}`, 'sh', ...given], {
    cwd: root,
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (data) => (out += data))
  child.stderr.on('data', (data) => (err += data))
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }))
  })
  return within(LIMIT_MS, ended, script).finally(() => child.kill('SIGKILL'))
}

test('a mistake leads to the help of its command', async () => {
  const mistakes = ['zm scale', 'zm sclae', 'zm scale x.ini 3 --jsn']
  const [scaled, unknown, option] = await Promise.all(
    mistakes.map((mistake) => shell(mistake)) as [Promise<Ended>, Promise<Ended>, Promise<Ended>],
  )
  assert.equal([scaled.code, scaled.err.split('\n')[1]], [2, 'Try: zmanager scale --help'])
  assert.is(option.err.split('\n')[0], "zmanager: Unknown option '--jsn' (there is --json)")
  assert.equal([unknown.code, unknown.err.split('\n')[1]], [2, 'Try: zmanager --help'])
})

test('a run whose stderr nobody reads writes its results all the same', async () => {
  const file = writeFixture('ipc', { workers: 1 })
  const script = `
    { printf '{"fail":"EX"}\\n%.0s' 1 2 3; echo '{"n":1}'; } | { zm run "$1" --flow Work 2>&3; echo $? >&2; } 3>&1 1>&4 | true`
  const { out, err } = await shell(`{ ${script}; } 4>&1`, file)
  assert.match(out, /"n":1/)
  assert.is(err.trim(), '1') // three failed; not that of a crash
  assert.not.match(out + err, /EPIPE|node:/)
})

for (const type of ['thread', 'process'])
  test(`what handlers print in a ${type} is not among the results`, async () => {
    const module = writeModule(`console.log('imported')
      const say = defineHandler('?Say?Hi', () => { console.log('said') })
      export const Say = defineFlow('Say', [say])`)
    const lines = `worker_type = ${type}\nmodules = ${module}`
    const file = writeFixture('ipc', { workers: 1, lines })
    const { code, out, err } = await shell(`echo '{"n":1}' | zm run "$1" --flow Say`, file)
    assert.equal([code, out], [0, '{"n":1}\n'])
    for (const word of [/^imported$/m, /^said$/m]) assert.match(err, word)
  })

test('a run whose results nobody reads has not gone well', async () => {
  const file = writeFixture('ipc', { workers: 1 })
  const script = `yes '{"n":1}' | head -5000 | { zm run "$1" --flow Work; echo "code $?" >&2; } | head -1`
  const { out, err } = await shell(script, file)
  assert.match(out, /^\{.*\}\n$/)
  assert.match(err, /^code 1$/m)
  assert.match(err, /Cannot write to stdout: /)
})

test('an input that breaks off is told, and what came before is finished', async () => {
  if (!existsSync('/proc/self/mem')) return
  const file = writeFixture('ipc', { workers: 1 })
  const { code, err } = await shell('zm run "$1" --input /proc/self/mem', file)
  assert.is(code, 1)
  assert.match(err, /^the input cannot be read to its end: EIO/m)
  assert.match(err, /^accepted 0 = done 0/m)
})

test('results that cannot be written are one line, not a stack', async () => {
  if (!existsSync('/dev/full')) return
  const file = writeFixture('ipc', { workers: 1 })
  for (const script of [`echo '{"n":1}' | zm run "$1" > /dev/full`, 'zm --help > /dev/full']) {
    const { code, err } = await shell(script, file)
    assert.is(code, 1, script)
    assert.match(err, /^zmanager: Cannot write to stdout: .*\(ENOSPC\)$/m)
    assert.not.match(err, /node:/)
  }
})

test('the summary names messages without a flow', () => {
  const counts = { accepted: 2, done: 2, failed: 0, expired: 0, dead: 0, inFlight: 0 }
  const totals = {
    ...counts,
    flows: { '': counts },
    workers: {},
    failures: {},
  } as unknown as Totals
  const lines = summaryLines({ ...totals, malformed: 0, seconds: 1 }, false)
  assert.is(lines[1], '  flow (none): accepted 2 = done 2 + failed 0')
})

test('a terminal that tells no size gets whole lines', () => {
  let text = ''
  const write = (more: string): boolean => {
    text += more
    return true
  }
  const out = { isTTY: true, columns: 0, rows: 0, write }
  new Screen(out, (_, plain) => plain).draw([{ text: 'one' }, { text: 'two' }])
  assert.match(text, /one.*\n.*two/)
})

test('what is tailed cannot steer the terminal', async () => {
  const pub = new Publisher()
  await pub.bind(endpoint('ipc'))
  const header = {
    id: 'x',
    flow: 'a\u202eb',
    version: '',
    step: 0,
    format: 'json',
    at: 0,
    attempt: 1,
  }
  const key = '?a?b \u001b[2J' // what follows a key is a comment
  const message = ['F~~~a~b~', JSON.stringify({ ...header, key }), '{}']
  const again = setInterval(() => void pub.send(message), 50)
  const { code, out } = await shell('zm tail "$1" --count 1', pub.lastEndpoint as string)
  clearInterval(again)
  await pub.close()
  assert.is(code, 0)
  assert.not.match(out.trimEnd(), /\p{Cc}|\p{Cf}/u)
  assert.match(out, /a\\u202eb \?a\?b \\u001b\[2J/)
})

test('numbers beyond reason are refused', async () => {
  const refused = async (run: () => Promise<unknown>): Promise<string> =>
    within(LIMIT_MS, Promise.resolve().then(run), 'the refusal').then(
      () => 'none',
      (error) => (error instanceof UsageError ? error.message : String(error)),
    )
  assert.match(await refused(() => scale.run(['x.ini', '999999999'])), /up to 1000, not '9+'/)
  for (const [flag, number] of [
    ['--size', '99999999999'],
    ['--count', '9007199254740991'],
  ] as const) {
    const args = ['inproc://b', '--pattern', 'req-rep', flag, number]
    assert.match(await refused(() => bench.run(args)), /^--\w+ is a whole number from \d+ to \d+/)
  }
})

test.run()

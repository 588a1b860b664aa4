// The example as a user runs it: the command, the real week of events, three kinds of URLs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZMANAGER } from '../support/cli.ts'
import { within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const example = join(root, 'examples/earthquakes')
const input = join(example, 'earthquakes.ndjson')
const folder = temporary()

interface Ended {
  readonly code: number | null
  readonly lines: string[]
  readonly errors: string[]
}

/** Runs the command. */
function zmanager(args: string[], stdin = '', cwd = root): Promise<Ended> {
  const child = spawn(process.execPath, [...ZMANAGER, ...args], { cwd })
  let out = ''
  let err = ''
  child.stdout.on('data', (data) => (out += data))
  child.stderr.on('data', (data) => (err += data))
  child.stdin.end(stdin)
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, lines: textLines(out), errors: textLines(err) }))
  })
  return within(60_000, ended, `zmanager ${args.join(' ')}`).finally(() => child.kill())
}

function textLines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

/** A copy of the example in which only the URLs of zmanager.ini differ. */
function exampleOver(scheme: string, url: (name: string) => string): string {
  const copy = join(folder, scheme)
  cpSync(example, copy, { recursive: true })
  const ini = join(copy, 'zmanager.ini')
  writeFileSync(
    ini,
    readFileSync(ini, 'utf8').replace(/inproc:\/\/(\S+)/g, (_all, name) => url(name)),
  )
  return ini
}

const places = {
  inproc: (name: string) => `inproc://${name}`,
  ipc: (name: string) => `ipc://${join(folder, `${name}.sock`)}`,
  tcp: () => 'tcp://127.0.0.1:0',
}

for (const [scheme, url] of Object.entries(places)) {
  test(`the week of 1,707 earthquakes over ${scheme}: all done, results whole`, async () => {
    const { code, lines, errors } = await zmanager([
      'run',
      exampleOver(scheme, url),
      '--input',
      input,
      '--json',
    ])
    const summary = JSON.parse(errors.at(-1) ?? '{}')
    assert.is(code, 0)
    assert.equal([summary.accepted, summary.done, summary.failed], [1707, 1707, 0])
    assert.is(lines.length, 1707)
    const results = lines.map((line) => JSON.parse(line))
    assert.is(new Set(results.map(({ id }) => id)).size, 1707)
    const hualien = results.find(({ id }) => id === 'us1000chhc')
    assert.is(hualien?.nearestCity, 'Hualien')
    assert.is(hualien?.class, 'strong')
    assert.is(hualien?.depth, 'shallow')
  })
}

test('malformed lines are counted and named, failures told, and the run goes on', async () => {
  const [first] = readFileSync(input, 'utf8').split('\n')
  const lines = [first, '{"id": 5', '', '[1]', '{"id":"x"}', first].join('\n')
  const {
    code,
    lines: out,
    errors,
  } = await zmanager(['run', join(example, 'zmanager.ini'), '--json'], lines)
  assert.is(code, 1)
  assert.is(out.length, 2)
  const summary = JSON.parse(errors.at(-1) ?? '{}')
  assert.equal([summary.accepted, summary.done, summary.failed, summary.malformed], [3, 2, 1, 2])
  assert.ok(errors.some((line) => line.startsWith('line 2: malformed')))
  assert.ok(errors.some((line) => line.startsWith('line 4: malformed: it is no JSON object')))
  assert.ok(errors.some((line) => line.startsWith('failed: ') && line.includes('Validate')))
})

test('--events also writes the alerts, under their own key', async () => {
  const { lines } = await zmanager([
    'run',
    join(example, 'zmanager.ini'),
    '--input',
    input,
    '--events',
  ])
  const alerts = lines
    .map((line) => JSON.parse(line))
    .filter(({ key }) => key === 'Earthquake?Alert@PUBLISH?strong')
  const strong = readFileSync(input, 'utf8')
    .split('\n')
    .filter((line) => line && JSON.parse(line).properties.mag >= 5)
  assert.is(alerts.length, strong.length)
  assert.ok(alerts.length > 10)
})

test('the summary for people adds up, too; zmanager.ini of the folder need not be named', async () => {
  const { code, errors } = await zmanager(['run', '--input', input], '', example)
  assert.is(code, 0)
  assert.match(errors.join('\n'), /accepted 1707 = done 1707 \+ failed 0; .* messages\/s/)
  assert.match(errors.join('\n'), /flow Earthquake: accepted 1707 = done 1707 \+ failed 0/)
  assert.match(errors.join('\n'), /worker-3: done \d+, failed 0/)
})

test('mistakes on the command line get a sentence and exit code 2', async () => {
  const ini = join(example, 'zmanager.ini')
  const cases: [string[], RegExp][] = [
    [['rnu'], /no command 'rnu'/],
    [['run'], /takes one zmanager\.ini: there is none in this folder/],
    [['run', ini, ini], /takes one zmanager\.ini$/m],
    [['run', ini, '--nope'], /--nope/],
    [['run', 'missing.ini'], /Cannot read missing\.ini/],
    [['run', ini, '--input', 'missing.ndjson'], /Cannot read missing\.ndjson/],
    [['run', ini, '--input', folder], /Cannot read .*: it is a directory \(EISDIR\)/],
    [['run', ini, '--flow', 'X'], /No flow 'X' \(there is Earthquake\)/],
  ]
  await Promise.all(
    cases.map(async ([args, message]) => {
      const { code, errors } = await zmanager(args)
      assert.is(code, 2, args.join(' '))
      assert.match(errors.join('\n'), message)
      assert.not.match(errors.join('\n'), /^ +at /m)
    }),
  )
})

/** A flow of one step, its handler as given. */
function oneStep(name: string, handler: string, more = ''): string {
  const place = join(folder, name)
  mkdirSync(place)
  writeFileSync(join(place, 'handlers.mjs'), `export const go = ${handler}\n`)
  writeFileSync(join(place, 'flows.ini'), '[F]\n?F?Push\nSubject?F?Go\n??done\n')
  writeFileSync(join(place, 'actions.ini'), '[actionmapping]\n?F?Go = ./handlers.mjs#go\n')
  const file = join(place, 'zmanager.ini')
  writeFileSync(
    file,
    `[ZManagerConfiguration]
subject_pull_address = inproc://in
subject_push_address = inproc://work
integration_manager_pull_address = inproc://results
integration_manager_pub_address = ipc://${join(place, 'pub.sock')}
worker_count = 1
flows = flows.ini
actions = actions.ini
${more}
`,
  )
  return file
}

test('a big integer in a result is written as a string', async () => {
  const ini = oneStep('bigint', '() => ({ n: 2n ** 60n, list: [1n] })')
  const { code, lines } = await zmanager(['run', ini], '{}\n')
  assert.is(code, 0)
  const { n, list } = JSON.parse(lines[0] ?? '{}')
  assert.is(n, '1152921504606846976')
  assert.is(Number(list[0]), 1)
})

test('results that the publisher dropped are counted, and the run ends', async () => {
  const ini = oneStep(
    'dropped',
    '() => ({ text: "x".repeat(50_000) })',
    'integration_manager_pub_sndhwm = 1',
  )
  const { code, lines, errors } = await zmanager(['run', ini, '--json'], '{}\n'.repeat(2000))
  assert.is(code, 1)
  const [, missing] = /^(\d+) results were not written/m.exec(errors.join('\n')) ?? []
  assert.ok(Number(missing) > 0)
  assert.is(lines.length + Number(missing), 2000)
  assert.is(JSON.parse(errors.at(-1) ?? '{}').done, 2000)
})

test('Ctrl-C ends a run whose input is idle', async () => {
  const ini = oneStep('idle', '(values) => values')
  const child = spawn(process.execPath, [...ZMANAGER, 'run', ini], { cwd: root })
  try {
    const ended = once(child, 'close')
    const first = once(child.stdout, 'data')
    child.stdin.write('{"n":1}\n')
    assert.is(String(await within(30_000, first, 'a result')), '{"n":1}\n')
    child.kill('SIGINT')
    assert.equal(await within(30_000, ended, 'the run ends'), [130, null])
  } finally {
    child.kill('SIGKILL')
  }
})

test('help is there for the command and its subcommand', async () => {
  const [top, run] = await Promise.all([zmanager(['--help']), zmanager(['run', '--help'])])
  assert.is(top.code, 0)
  assert.match(top.lines.join('\n'), /run +run flows/)
  assert.match(run.lines.join('\n'), /--input FILE/)
})

test.run()

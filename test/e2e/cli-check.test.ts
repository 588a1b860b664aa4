// zmanager check as a user runs it: findings by line, exit codes, JSON, a chart, help.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZMANAGER } from '../support/cli.ts'
import { temporary } from '../support/temporary.ts'
import { within } from '../support/within.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const example = 'examples/earthquakes/zmanager.ini'
const folder = temporary()

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function zmanager(args: string[], cwd = root): Promise<Ended> {
  const child = spawn(process.execPath, [...ZMANAGER, ...args], { cwd })
  let [out, err] = ['', '']
  child.stdout.on('data', (data) => (out += data))
  child.stderr.on('data', (data) => (err += data))
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }))
  })
  return within(60_000, ended, `zmanager ${args.join(' ')}`).finally(() => child.kill())
}

function file(name: string, ...lines: string[]): string {
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
  return join(folder, name)
}

file('handlers.mjs', 'console.log("imported")', 'export const go = () => {}')
const flows = file('flows.ini', '[F]', '?c?Push', 'S?c?go', '?c?typo', '??done', '?c?late')
const actions = file(
  'actions.ini',
  '[actionmapping]',
  '?c?go = ./handlers.mjs#go',
  '?c?gone = a.b.C.m',
)
const clean = file('clean.ini', '[F]', '?c?Push', 'S?c?go', '??done')
const mapped = file('mapped.ini', '[actionmapping]', '?c?go = handlers.go')
const unused = file('unused.ini', '[actionmapping]', '?c?go = handlers.go', '?c?more = handlers.go')

test('the example is clean: one line, exit code 0, no colour', async () => {
  const { code, out, err } = await zmanager(['check', example, '--strict'])
  assert.is(err, '')
  assert.is(out, '0 errors, 0 warnings in 1 flow, 6 steps, 4 mappings\n')
  assert.is(code, 0)
})

test('findings stand at their lines, in the order of files and lines', async () => {
  const { code, out, err } = await zmanager(['check', 'flows.ini', 'actions.ini'], folder)
  const lines = out.trim().split('\n')
  const told = lines.map((line) => line.replace(/^(\S+ \w+:).*(\(.*\))$/, '$1 $2'))
  assert.equal(told, [
    'flows.ini:1: warning: (missing-done)',
    'flows.ini:4: error: (unknown-action)',
    'flows.ini:6: error: (unreachable-step)',
    'actions.ini:3: warning: (unused-mapping)',
    'actions.ini:3: error: (missing-handler)',
    '3 errors, 2 warnings in 1 flow, 5 steps, 2 mappings',
  ])
  assert.match(lines[4] ?? '', /'a\.b\.C\.m' is not found: neither beside that file nor/)
  assert.is(err, 'imported\n', 'what handlers print is not mixed with the findings')
  assert.is(code, 1)
})

test('--json has the same as one object; the files may come in any order', async () => {
  const { code, out } = await zmanager(['check', actions, flows, '--no-import', '--json'])
  const { findings, errors, warnings } = JSON.parse(out)
  assert.equal([errors, warnings, findings.length], [2, 2, 4])
  const { message, ...last } = findings[3]
  assert.equal(last, { severity: 'warning', code: 'unused-mapping', file: actions, line: 3 })
  assert.match(message, /\?c\?gone/)
  assert.is(code, 1)
})

test('warnings alone are no failure, but with --strict', async () => {
  const args = ['check', clean, unused]
  const [usual, strict] = await Promise.all([zmanager(args), zmanager([...args, '--strict'])])
  assert.equal([usual.code, strict.code], [0, 1])
  assert.match(usual.out, /unused\.ini:3: warning: .*\(unused-mapping\)/)
})

test('--subscriber and [servicemapping] make steps known', async () => {
  const news = file('news.ini', '[N]', '?n?tell', '?n@PUBLISH?news', '??done')
  const services = file('services.ini', '[actionmapping]', '[servicemapping]', '??tell = [a, b]')
  const [none, some, all] = await Promise.all([
    zmanager(['check', news]),
    zmanager(['check', news, services]),
    zmanager(['check', news, services, '--subscriber', '?n@PUBLISH?', '--strict']),
  ])
  assert.match(none.out, /unknown-action/)
  assert.match(some.out, /no-subscriber/)
  assert.equal([none.code, some.code, all.code], [1, 0, 0], all.out)
})

test('--mermaid prints the chart alone on stdout', async () => {
  const { code, out, err } = await zmanager(['check', flows, mapped, '--mermaid'])
  assert.match(out, /^flowchart LR\n {2}subgraph f0\["F"\]\n/)
  assert.match(out, /f0s1\["S\?c\?go"\]/)
  assert.match(err, /\(unknown-action\)/)
  assert.is(code, 1)
})

test('a file that cannot be read as ini, and a bad zmanager.ini, are errors with their place', async () => {
  const open = file('open.ini', '[s]', 'k = [1', '2')
  const bad = file('bad.ini', '[ZManagerConfiguration]', 'worker_count = many')
  const { code, out } = await zmanager(['check', open, bad])
  assert.match(out, /open\.ini:2: error: the list .* \(unreadable\)/)
  assert.match(out, /bad\.ini:2: error: worker_count must be .* \(config\)/)
  assert.is(code, 1)
})

test('mistakes on the command line get a sentence and exit code 2', async () => {
  const cases: [string[], RegExp][] = [
    [['check', 'missing.ini'], /Cannot read missing\.ini.*\(ENOENT\)/],
    [['check', folder], /Cannot read .*\(EISDIR\)/],
    [['check', clean, '--json', '--mermaid'], /not both/],
    [['check', clean, '--subscriber', 'x'], /is not an action key/],
    [['check', '--nope'], /--nope/],
  ]
  await Promise.all(
    cases.map(async ([args, message]) => {
      const { code, out, err } = await zmanager(args)
      assert.is(code, 2, args.join(' '))
      assert.match(err, message)
      assert.not.match(err, /^ +at /m)
      assert.is(out, '')
    }),
  )
})

test('help tells the exit codes and an example, for the whole and for commands', async () => {
  const names = ['check', 'send', 'tail', 'run', 'device', 'bench']
  const [top, ...each] = await Promise.all([
    zmanager(['--help']),
    ...names.slice(0, 3).map((name) => zmanager([name, '--help'])),
  ])
  for (const name of names) assert.match(top?.out ?? '', new RegExp(`^ {2}${name} +\\S`, 'm'))
  for (const { code, out } of each) {
    assert.is(code, 0)
    assert.match(out, /^Exit code: 0 .*, 2 wrong usage/m)
    assert.match(out, /^Examples?:$/m)
  }
})

test('modules that are none, and keys of zmanager.ini with a slip, stand at their lines', async () => {
  file('broken.mjs', 'console.log("aside")', 'export const a = (')
  file('silent.mjs', 'console.log("aside")')
  const ini = file(
    'modules.ini',
    '[ZManagerConfiguration]',
    'flows = clean.ini',
    'modules = broken.mjs, silent.mjs',
    'actions = mapped.ini',
  )
  file('slip.ini', '[ZManagerConfiguration]', '', 'worker_count = many')
  file('lost.ini', '[ZManagerConfiguration]', 'worker_count = 1', 'flows = lost-flows.ini')
  const { code, out, err } = await zmanager(['check', ini, '--json'], folder)
  const { findings } = JSON.parse(out)
  const told = findings.map(({ code, line, message }: Record<string, unknown>) => [
    code,
    line,
    message,
  ])
  assert.equal(
    [code, told[0].slice(0, 2), told[1].slice(0, 2)],
    [1, ['missing-module', 3], ['missing-module', 3]],
  )
  assert.match(told[0][2], /broken\.mjs/)
  assert.match(told[1][2], /silent\.mjs defines no handler and no flow/)
  assert.match(err, /aside/)
  const slip = await zmanager(['check', 'slip.ini'], folder)
  assert.match(slip.out, /slip\.ini:3: error: worker_count must be a whole number/)
  const lost = await zmanager(['check', 'lost.ini'], folder)
  assert.match(lost.out, /lost\.ini:3: error: flows: Cannot read .*lost-flows\.ini/)
})

test.run()

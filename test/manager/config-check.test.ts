// What zmanager check says of a zmanager.ini: addresses, services, names with a slip. Nothing is started.
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { check } from '../../src/cli/commands/check.ts'
import type { Finding } from '../../src/flow/check.ts'
import { loadConfig } from '../../src/index.ts'
import { writeFixture } from './fixture.ts'

interface Told {
  readonly code: number
  readonly findings: readonly Finding[]
  readonly lines: readonly string[]
}

/** The findings of `zmanager check`, and as `code line`. */
async function told(...args: string[]): Promise<Told> {
  const { log } = console
  let out = ''
  console.log = (text: string) => {
    if (text.startsWith('{')) out = text // modules print, too
  }
  try {
    const code = await check.run([...args, '--json'])
    const { findings } = JSON.parse(out) as { findings: Finding[] }
    const about = findings.filter(
      ({ file }) => !file?.endsWith('flows.ini') && !file?.endsWith('actions.ini'),
    )
    return { code, findings: about, lines: about.map(({ code, line }) => `${code} ${line}`) }
  } finally {
    console.log = log
  }
}

function written(name: string, text: string): string {
  const file = join(dirname(writeFixture('inproc')), name)
  writeFileSync(file, text)
  return file
}

const addresses = (...lines: string[]): string =>
  written('zmanager.ini', ['[ZManagerConfiguration]', ...lines, 'flows = flows.ini'].join('\n'))

test('addresses that cannot be bound, and those that are one and the same', async () => {
  const file = addresses(
    'subject_pull_address = tpc://localhost:7001',
    'subject_push_address = tcp://localhost:70000',
    'integration_manager_pull_address = tcp://localhost:7002',
    'integration_manager_pub_address = tcp://127.0.0.1:7002',
  )
  const { code, lines, findings } = await told(file)
  assert.is(code, 1)
  assert.equal(lines, ['bad-address 2', 'bad-address 3', 'same-address 5'])
  assert.match(findings[0]?.message ?? '', /subject_pull_address.*tpc:\/\/ \(known here/)
  assert.match(findings[1]?.message ?? '', /port 70000 is over 65535/)
  assert.match(findings[2]?.message ?? '', /_pub_address and integration_manager_pull_address/)
  const chosen = addresses(
    ...['subject_pull', 'subject_push', 'integration_manager_pull'].map(
      (name) => `${name}_address = tcp://127.0.0.1:*`,
    ),
    'control_address = ipc:///tmp/of-the-check-test.sock',
  )
  assert.equal((await told(chosen)).lines, [])
  const both = addresses('subject_pull_address = inproc://a', 'subject_push_address = inproc://a')
  assert.equal((await told(both)).lines, ['same-address 3'])
  const spelled = addresses(
    'subject_pull_address = tcp://*:7001',
    'subject_push_address = tcp://0.0.0.0:7001',
    'integration_manager_pull_address = tcp://LocalHost:7002',
    'integration_manager_pub_address = zmtp://127.0.0.1:7002',
    'control_address =',
  )
  assert.equal((await told(spelled)).lines, ['same-address 3', 'same-address 5'])
})

test('a section with a slip in its name: what was meant', async () => {
  const own = await told(written('a.ini', '[ZManagerConfigration]\nworker_count = 2\n'))
  assert.equal([own.code, own.lines], [1, ['unknown-section 1']])
  assert.match(own.findings[0]?.message ?? '', /did you mean \[ZManagerConfiguration\]\?/)
  const mapping = await told(written('b.ini', '\n[actionmaping]\n?a?b = ./handlers.mjs#first\n'))
  assert.equal(mapping.lines, ['unknown-section 2'])
  const flow = await told(written('c.ini', '[ActionMapper]\n?A?Push\n??done\n'))
  assert.equal([flow.code, flow.lines], [0, []], 'a flow may have a name like that')
  const services = writeFixture('inproc', {
    sections: '# not read\n[ServiceManagmentConfiguration]\nservices = [one]\n',
  })
  assert.equal((await told(services)).lines, ['unknown-section 13'])
})

test('addresses that can all be bound', async () => {
  const files = [
    ['inproc://a', 'inproc://b', 'inproc://c', 'inproc://d'],
    ['tcp://127.0.0.1:7001', 'tcp://[::1]:7001', 'ipc://@abstract', 'ipc:///tmp/of-the-check-test'],
    ['/a', '/b', '/c', '/d'].map((path) => `tcp://127.0.0.1:7001${path}`),
    ['tcp://*:*', 'tcp://*:*', 'ipc://*', 'ipc://*'],
  ]
  for (const [pull, push, results, pub] of files) {
    const file = addresses(
      `subject_pull_address = ${pull}`,
      `subject_push_address = ${push}`,
      `integration_manager_pull_address = ${results}`,
      `integration_manager_pub_address = ${pub}`,
    )
    assert.equal((await told(file)).lines, [], pull)
  }
})

test('# begins a comment also before the first section, as it does for run', async () => {
  const flows = 'flows = flows.ini'
  for (const mark of ['', '\uFEFF']) {
    const text = `${mark}# mine\n\n[ZManagerConfiguration]\n# its flows\n${flows}\n`
    const file = written('zmanager.ini', text)
    assert.is(loadConfig(file).flows.length, 1)
    assert.equal((await told(file)).lines, [])
  }
})

test('services: modules that are none, flows that are none, and keys with a slip', async () => {
  const sections = `
[ServiceManagementConfiguration]
services = [gone, none, fine]
[gone]
module = ./gone.mjs#service
[none]
module = ./handlers.mjs#first
flows = [Work, Wrok]
[fine]
module = ./fine.mjs#service
stauts = RUNNING
port = 8080
`
  const file = writeFixture('inproc', { sections })
  const code = "console.log('imported')\nexport const service = { start() { process.exit(9) } }\n"
  writeFileSync(join(dirname(file), 'fine.mjs'), code)
  const { lines, findings } = await told(file)
  assert.equal(lines, ['missing-service 16', 'missing-service 18', 'unknown-flow 19', 'unclear 22'])
  assert.match(findings[0]?.message ?? '', /service gone: cannot import/)
  assert.match(findings[1]?.message ?? '', /service none: '.*' is no service with a function start/)
  assert.match(findings[2]?.message ?? '', /Wrok.*did you mean Work\?/)
  assert.match(findings[3]?.message ?? '', /stauts.*did you mean status\?/)
  assert.equal((await told(file, '--no-import')).lines, ['unknown-flow 19', 'unclear 22'])
})

test('a service that nobody lists is not started', async () => {
  const sections =
    '[ServiceManagementConfiguration]\nservices = []\n[timer]\nmodule = ./t.mjs#timer\n'
  assert.equal((await told(writeFixture('inproc', { sections }))).lines, ['unlisted-service 14'])
})

test.run()

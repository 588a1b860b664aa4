// zmanager.ini: DigitalPy's names and defaults, and errors that say what to change.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { configOf, loadConfig, ZManager, ZmqError } from '../../src/index.ts'
import { temporary } from '../support/temporary.ts'

const folder = temporary()

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

function fails(text: string, code: string, message: RegExp): void {
  const file = write('bad.ini', text)
  try {
    loadConfig(file)
  } catch (error) {
    assert.instance(error, ZmqError)
    assert.is((error as ZmqError).code, code)
    assert.match((error as ZmqError).message, message)
    return
  }
  assert.unreachable()
}

test('an empty section has DigitalPy’s addresses and worker count', () => {
  const config = loadConfig(write('empty.ini', '[ZManagerConfiguration]\n'))
  assert.is(config.subjectPullAddress, 'tcp://localhost:19030')
  assert.is(config.subjectPushAddress, 'tcp://localhost:19031')
  assert.is(config.integrationManagerPubAddress, 'tcp://localhost:19034')
  assert.is(config.integrationManagerPullAddress, 'tcp://localhost:19035')
  assert.is(config.integrationManagerPullRcvhwm, 0)
  assert.is(config.integrationManagerPubSndhwm, 0)
  assert.is(config.workerCount, 3)
  assert.is(config.dispatch, 'least-loaded')
  assert.is(config.deadLetters, 1000)
  assert.equal(config.flows, [])
})

test('flow and action files are read, relative to the ini file, several with commas', () => {
  write('a.ini', '[A]\n')
  write('b.ini', '[B]\n')
  const config = loadConfig(
    write('files.ini', '[ZManagerConfiguration]\nflows = a.ini, b.ini\nactions=a.ini\n'),
  )
  assert.equal(
    config.flows.map(({ text }) => text),
    ['[A]\n', '[B]\n'],
  )
  assert.is(config.actions[0]?.file, join(folder, 'a.ini'))
})

test('keys of DigitalPy that have no effect here are accepted', () => {
  const text = '[ZManagerConfiguration]\nworker_timeout = 3000\nsubject_push_heartbeat_ivl = 1000\n'
  assert.is(loadConfig(write('dp.ini', text)).workerCount, 3)
})

test('what is wrong is named: section, key, number, address, file', () => {
  fails('[Other]\n', 'EINVAL', /no section \[ZManagerConfiguration\]/)
  fails(
    '[ZManagerConfiguration]\nworker_cuont = 3\n',
    'EINVAL',
    /bad\.ini:2: .*no key 'worker_cuont'.*worker_count/,
  )
  fails(
    '[ZManagerConfiguration]\nworker_count = many\n',
    'EINVAL',
    /bad\.ini:2: worker_count must be a whole number from 1 up, not 'many'/,
  )
  fails(
    '[ZManagerConfiguration]\ndispatch = random\n',
    'EINVAL',
    /dispatch must be least-loaded or round-robin, not 'random'/,
  )
  fails(
    '[ZManagerConfiguration]\nsubject_pull_address = nowhere\n',
    'EINVAL',
    /subject_pull_address: Not an endpoint: 'nowhere'/,
  )
  fails(
    '[ZManagerConfiguration]\n# first\nflows = missing.ini\n',
    'ENOENT',
    /bad\.ini:3: flows: Cannot read .*missing\.ini/,
  )
})

test('a configuration from code is checked as a file is', async () => {
  const inproc = {
    subjectPullAddress: 'inproc://a',
    subjectPushAddress: 'inproc://b',
    integrationManagerPullAddress: 'inproc://c',
    integrationManagerPubAddress: 'inproc://d',
  }
  const cases: [object, RegExp][] = [
    [
      { workerType: 'process' },
      /subjectPushAddress must not be inproc:\/\/b with workerType 'process'/,
    ],
    [{ workerType: 'proc' }, /workerType must be "thread" or "process", not 'proc'/],
    [{ remoteWorkers: true }, /must not be inproc:.* with remoteWorkers/],
    [{ workerCount: '2' }, /workerCount must be a whole number from 0 up, not '2'/],
    [{ workerCount: 0 }, /whole number from 1 up/],
    [{ workerPrefetch: -1 }, /workerPrefetch/],
    [{ whenFull: 'drop' }, /whenFull must be "wait" or "refuse"/],
    [{ dispatch: 'fastest' }, /dispatch must be/],
    [{ replayWindow: -1 }, /replayWindow/],
    [{ worker_count: 8 }, /no worker_count: did you mean workerCount\?/],
    [{ zzz: 8 }, /has no zzz$/],
    [{ modules: './t.mjs' }, /modules must be an array of paths or file: URLs, not '\.\/t\.mjs'/],
    [{ flows: ['[A]'] }, /flows must be an array of \{ file, text \}/],
    [{ subjectPullAddress: 'nowhere' }, /subjectPullAddress must be an endpoint/],
  ]
  for (const [given, told] of cases) {
    const config = configOf({ ...inproc, ...given })
    assert.throws(() => new ZManager(config), told)
    const { code, message } = await new ZManager(configOf(inproc)).reload(config).catch((e) => e)
    assert.equal([code, told.test(message)], ['EINVAL', true])
  }
  assert.throws(() => new ZManager({} as never), /subjectPullAddress .* \(configOf has defaults/)
  assert.throws(() => new ZManager(undefined as never), /takes a configuration/)
  assert.is(configOf({ workerCount: undefined as never }).workerCount, 3)
})

test.run()

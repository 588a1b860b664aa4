// zmanager send and zmanager tail as a user runs them, beside a ZManager of this process.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { UsageError } from '../../src/cli/command.ts'
import { send } from '../../src/cli/commands/send.ts'
import { tail } from '../../src/cli/commands/tail.ts'
import {
  ActionKey,
  encodeValue,
  loadConfig,
  Publisher,
  ZManager,
  ZmqError,
} from '../../src/index.ts'
import { envelope } from '../../src/manager/messages.ts'
import { finishMessage } from '../../src/manager/worker/worker.ts'
import { ZMANAGER } from '../support/cli.ts'
import { endpoint, vacant, within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'

const LIMIT_MS = 60_000
const root = fileURLToPath(new URL('../..', import.meta.url))
const place = `${root}examples/earthquakes`
const quake = {
  id: 'q',
  properties: { mag: 6.1, place: 'off the coast', time: 0 },
  geometry: { coordinates: [121.6, 24, 12] },
}
const test = suite('zmanager send and tail')
const children = new Set<ChildProcess>()
let manager: ZManager

test.before(async () => {
  const places = {
    subjectPullAddress: endpoint('tcp'),
    integrationManagerPubAddress: endpoint('tcp'),
  }
  const config = { ...loadConfig(`${place}/zmanager.ini`), ...places, workerCount: 1 }
  manager = new ZManager(config, { report: () => {} })
  await within(LIMIT_MS, manager.start(), 'the manager starts')
})
test.after.each(() => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
})
test.after(() => within(LIMIT_MS, manager.stop(), 'the manager stops'))

interface Ended {
  readonly code: number | null
  readonly out: string[]
  readonly err: string[]
}

interface Running {
  readonly child: ChildProcess
  /** The first line on stderr. */
  readonly first: Promise<string>
  readonly ended: Promise<Ended>
}

function start(args: string[], stdin = ''): Running {
  const child = spawn(process.execPath, [...ZMANAGER, ...args], { cwd: root })
  children.add(child)
  const [out, err]: [string[], string[]] = [[], []]
  createInterface({ input: child.stdout }).on('line', (line) => out.push(line))
  const errors = createInterface({ input: child.stderr }).on('line', (line) => err.push(line))
  child.stdin.end(stdin)
  const ended = once(child, 'close').then(([code]) => ({ code, out, err }))
  return {
    child,
    first: once(errors, 'line').then(([line]) => line as string),
    ended: within(LIMIT_MS, ended, args.join(' ')),
  }
}

/** A tail whose subscription is in force. */
async function tailing(address: string, ...args: string[]): Promise<Running> {
  const shown = address.endsWith('.ini') ? manager.pubAddress : address
  const running = start(['tail', address, ...args])
  const first = await within(LIMIT_MS, running.first, 'tail is connected')
  assert.is(first, `connected ${shown}`)
  return running
}

test('lines of stdin go through a flow, and both tails see them end', async () => {
  const [text, json] = await Promise.all([
    tailing(manager.pubAddress, 'Earthquake', '--count', '3'),
    tailing(manager.pubAddress, '??failed', '--json', '--count', '1'),
  ])
  const lines = [JSON.stringify(quake), '', '{"id": 1}', '[1]'].join('\n')
  const flows = ['--flows', `${place}/flows.ini`]
  const sent = await start(['send', manager.pullAddress, 'Earthquake', ...flows], lines).ended
  assert.equal(sent.err, ['line 4: malformed: it is no JSON object'])
  assert.is(sent.code, 1)
  const [good, bad] = sent.out
  const all = await text.ended
  assert.is(all.code, 0)
  const [alert, done, failed] = all.out
  assert.match(alert ?? '', / Earthquake Earthquake\?Alert@PUBLISH\?strong - .*"magnitude":6\.1/)
  assert.match(
    done ?? '',
    new RegExp(`^[\\d:.]+ Earthquake \\?\\?done done ${good} \\{.*"Hualien"`),
  )
  assert.match(failed ?? '', new RegExp(`\\?\\?failed failed ${bad} \\w+: ".*Validate`))
  const { out, code } = await json.ended
  assert.is(code, 0)
  const { flow, key, id, outcome, error, values } = JSON.parse(out[0] ?? '')
  assert.equal(
    { flow, key, id, outcome },
    { flow: 'Earthquake', key: '??failed', id: bad, outcome: 'failed' },
  )
  assert.match(error.message, /Validate/)
  assert.equal(values, { id: 1 })
})

test('a zmanager.ini says where its Subject and its Integration Manager are', async () => {
  const folder = temporary()
  const file = join(folder, 'zmanager.ini')
  const lines = ['[ZManagerConfiguration]', `subject_pull_address = ${manager.pullAddress}`]
  writeFileSync(
    file,
    [...lines, `integration_manager_pub_address = ${manager.pubAddress}`].join('\n'),
  )
  const running = await tailing(file, 'Earthquake', '--count', '2')
  const sent = await start(['send', file, 'Earthquake', JSON.stringify(quake)]).ended
  assert.equal([sent.code, sent.out.length], [0, 1])
  assert.match((await running.ended).out.join(), new RegExp(sent.out[0] as string))
})

test('one message to an action, without a flow, and one to whatever version of a flow runs', async () => {
  const running = await tailing(manager.pubAddress, '??done', '--count', '2', '--json')
  const validate = start([
    'send',
    manager.pullAddress,
    '?Earthquake?Validate',
    JSON.stringify(quake),
  ])
  assert.is((await validate.ended).code, 0)
  const args = ['send', manager.pullAddress, 'Earthquake', JSON.stringify(quake)]
  assert.is((await start(args).ended).code, 0)
  const ends = (await running.ended).out.map((line) => JSON.parse(line))
  assert.equal(ends.map(({ flow }) => flow).sort(), ['', 'Earthquake'])
})

test('tail: bytes are base64, control characters are spelled out, strangers are skipped', async () => {
  const publisher = new Publisher()
  await publisher.bind(endpoint('tcp'))
  try {
    const address = publisher.lastEndpoint as string
    const running = await tailing(address, '--count', '2')
    const key = ActionKey.of({ flow: 'F', context: 'c', action: 'a' })
    const header = {
      id: '\u001b[2J',
      flow: 'F',
      version: '',
      step: 0,
      key: `${key}`,
      at: 0,
      attempt: 1,
    }
    const values = { bytes: new Uint8Array([1, 2]), text: '\u009b2J', big: 2n ** 60n }
    await publisher.send(['probe'])
    await publisher.send(finishMessage('worker-1.4'))
    await publisher.send(['F~~~~~', 'no header', 'body'])
    await publisher.send(envelope(key, { ...header, format: 'msgpack' }, encodeValue(values)))
    await publisher.send(envelope(key, { ...header, format: 'cbor' }, new Uint8Array([255])))
    const { out, err, code } = await running.ended
    assert.is(code, 0)
    assert.match(
      out[0] ?? '',
      / F \?c\?a - "\\u001b\[2J" \{"bytes":"AQI=","text":"\\u009b2J","big":"1152921504606846976"\}$/,
    )
    assert.match(out[1] ?? '', / "\/w=="$/)
    assert.match(err[1] ?? '', /^skipped: Not a ZManager message/)
    assert.is(err.length, 2)
  } finally {
    await publisher.close()
  }
})

test('tail ends with Ctrl-C, code 0; send says when nobody is there, code 1', async () => {
  const running = await tailing(manager.pubAddress)
  running.child.kill('SIGINT')
  assert.is((await running.ended).code, 0)
  const address = await vacant('tcp')
  const alone = start(['tail', address])
  assert.is(await within(LIMIT_MS, alone.first, 'a word'), `waiting: nobody is at ${address} yet`)
  alone.child.kill('SIGINT')
  assert.is((await alone.ended).code, 0)
  const { code, err } = await start(['send', address, '??a', '{}', '--timeout', '0.5']).ended
  assert.is(code, 1)
  assert.equal(err, [`zmanager: nobody took messages at ${address} for 0.5 s (ETIMEDOUT)`])
})

test('mistakes on the command line get a sentence, before anything is opened', async () => {
  const cases: [string[], RegExp][] = [
    [['send'], /send takes a zmanager.ini/],
    [
      ['send', 'tcp://h:1', 'F', '{}', '--flows', `${place}/flows.ini`],
      /no flow 'F' \(there is Earthq/,
    ],
    [['send', 'tcp://h:1', '??a', '[1]'], /one JSON object: it is no JSON object/],
    [['send', 'inproc://x', '??a', '{}'], /inside another process/],
    [['tail'], /tail takes a zmanager.ini/],
    [['tail', 'localhost:1'], /'localhost:1' is no endpoint such as tcp:.* and no file/],
    [['send', `${place}/zmanager.ini`, '??a', '{}'], /leaves the address open|inside another/],
    [['tail', 'tcp://h:1', 'a?b'], /is not an action key/],
    [['tail', 'tcp://h:1', '??a', '--count', '0'], /--count is a whole number/],
  ]
  for (const [[name, ...args], message] of cases) {
    const command = name === 'send' ? send : tail
    const error = await Promise.resolve()
      .then(() => command.run(args))
      .catch((reason) => reason)
    assert.ok(error instanceof UsageError || error instanceof ZmqError, `${name} ${args}: ${error}`)
    assert.match(error.message, message)
  }
})

test.run()

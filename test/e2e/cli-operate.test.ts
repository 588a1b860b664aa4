// A ZManager that serves, and an operator beside it, as users run them: run --serve, top, scale, dead,
// reload, services, finish; what they print, their exit codes, and how signals end them.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Command, Failure, UsageError } from '../../src/cli/command.ts'
import { bench } from '../../src/cli/commands/bench.ts'
import { check } from '../../src/cli/commands/check.ts'
import { dead } from '../../src/cli/commands/dead.ts'
import { device } from '../../src/cli/commands/device.ts'
import { finish, reload, scale } from '../../src/cli/commands/operate.ts'
import { run } from '../../src/cli/commands/run.ts'
import { send } from '../../src/cli/commands/send.ts'
import { services } from '../../src/cli/commands/services.ts'
import { tail } from '../../src/cli/commands/tail.ts'
import { top } from '../../src/cli/commands/top.ts'
import { askRunning } from '../../src/cli/running.ts'
import { type Totals, ZmqError } from '../../src/index.ts'
import { writeFixture } from '../manager/fixture.ts'
import { ZMANAGER } from '../support/cli.ts'
import { within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'

const LIMIT_MS = 60_000
const root = fileURLToPath(new URL('../..', import.meta.url))
const test = suite('zmanager for operators')
const children = new Set<ChildProcess>()
const folder = temporary()
process.env['TMPDIR'] = folder // for those that are started, too
test.after.each(() => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
})

interface Ended {
  readonly code: number | null
  readonly out: string[]
  readonly err: string[]
}

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves with a line on either stream that is like this. */
  line(like: RegExp): Promise<string>
}

function start(...args: string[]): Running {
  const child = spawn(process.execPath, [...ZMANAGER, ...args], { cwd: root })
  children.add(child)
  const [out, err]: [string[], string[]] = [[], []]
  const waiting = new Set<() => void>()
  for (const [stream, lines] of [
    [child.stdout, out],
    [child.stderr, err],
  ] as const) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      for (const look of waiting) look()
    })
  }
  const ended = once(child, 'close').then(([code]) => ({ code, out, err }))
  const line = (like: RegExp): Promise<string> => {
    const found = new Promise<string>((resolve, reject) => {
      const look = (): void => {
        const match = [...out, ...err].find((text) => like.test(text))
        if (match !== undefined) resolve(match)
      }
      waiting.add(look)
      look()
      void ended.then(({ code }) => reject(new Error(`ended with ${code}: ${out}\n${err}`)))
    })
    return within(LIMIT_MS, found, `a line like ${like} of ${args.join(' ')}`)
  }
  return { child, line, ended: within(LIMIT_MS, ended, args.join(' ')) }
}

interface Outcome {
  readonly code: number | undefined
  readonly out: string[]
  readonly error: Error & { code?: string }
}

/** Runs a command in this process: its exit code and stdout, or what it rejects with. */
async function here(command: Command, ...args: string[]): Promise<Outcome> {
  const { write } = process.stdout
  let out = ''
  let error: unknown
  process.stdout.write = ((text: string) => {
    out += text
    return true
  }) as typeof write
  const running = Promise.resolve().then(() => command.run(args))
  const code = await within(LIMIT_MS, running, `${command.name} ${args.join(' ')}`)
    .catch((reason) => {
      error = reason
      return undefined
    })
    .finally(() => {
      process.stdout.write = write
    })
  return { code, out: out.split('\n').filter(Boolean), error: error as Error }
}

/** A ZManager that serves, with its zmanager.ini. */
async function serving(...lines: string[]): Promise<Running & { file: string; pull: string }> {
  const flows = '[Slow]\n?Slow?Push\nSubject?Test?Tame\n??done\n'
  const file = writeFixture('ipc', { workers: 1, flows, lines: lines.join('\n') })
  const running = start('run', file, '--serve')
  await running.line(/^control_address /)
  const pull = (await running.line(/^subject_pull_address /)).split(' ')[1] as string
  return { ...running, file, pull }
}

test('run --serve tells its endpoints; others push, scale, look, and finish it', async () => {
  const { file, pull, ended, line } = await serving()
  for (const name of ['subject_push_address', 'integration_manager_pub_address'])
    assert.match(await line(new RegExp(`^${name} `)), /^\w+ ipc:/)
  const sent = await here(send, pull, 'Work', '{"n":1}', '--json')
  const { flow, key, line: number } = JSON.parse(sent.out[0] ?? '{}')
  assert.equal([sent.code, flow, key, number], [0, 'Work', '??Push', undefined])
  const scaled = await here(scale, file, '2', '--json')
  assert.is(scaled.code, 0, scaled.error?.message)
  assert.is(JSON.parse(scaled.out[0] ?? '{}').workers.length, 2)
  const none = await here(scale, file, '0')
  assert.ok(none.error instanceof Failure)
  assert.match(none.error.message, /workers from 1 to/)
  const letters = await here(dead, 'list', file)
  assert.equal([letters.code, letters.out], [0, ['no dead letters']])
  assert.equal((await here(dead, 'replay', file)).out, ['0 sent again'])
  const replayed = await here(dead, 'replay', 'nobody', file)
  assert.ok(replayed.error instanceof Failure)
  assert.is(replayed.error.code, 'ENOENT')
  const unknown = await here(services, 'start', 'x', file)
  assert.ok(unknown.error instanceof Failure)
  assert.is(unknown.error.code, 'ENOENT')
  assert.equal((await here(services, 'list', file)).out, ['no services'])
  assert.match((await here(reload, file)).out[0] ?? '', /^reloaded; flows that changed: none$/)
  const look = await here(top, file, '--once', '--interval', '50', '--json')
  assert.equal([look.code, look.out.length], [0, 1])
  const view = JSON.parse(look.out[0] ?? '{}')
  assert.equal([view.accepted, view.done, view.flows.Work.done], [1, 1, 1])
  assert.type(view.acceptedPerSecond, 'number')
  const finished = await here(finish, file)
  assert.equal([finished.code, finished.out[0]], [0, 'accepted 1 = done 1 + failed 0'])
  const { code, out, err } = await ended
  assert.equal([code, out], [0, []])
  assert.match(err.join('\n'), /^accepted 1 = done 1 \+ failed 0; /m)
  const gone = await here(top, file)
  assert.ok(gone.error instanceof Failure)
  assert.match(gone.error.message, /^No ZManager runs for .*ipc:\/\//)
  assert.is(gone.error.code, 'ECONNREFUSED')
})

test('reload tells what is odd in the files', async () => {
  const { file } = await serving()
  const flows = join(dirname(file), 'flows.ini')
  appendFileSync(flows, '[Slip]\ntimeuot = 5\n?Slip?Push\n??done\n')
  const plain = await start('reload', file).ended
  assert.equal(
    [plain.code, plain.out],
    [0, ['reloaded; flows that changed: Slip']],
    plain.err.join(),
  )
  const warning = plain.err.find((line) => line.includes('timeuot'))
  assert.match(warning ?? '', /^\/.*flows\.ini:\d+: warning: /)
  const json = await here(reload, file, '--json')
  const { file: where, line, message } = JSON.parse(json.out[0] ?? '{}').warnings.at(-1)
  assert.is(warning, `${where}:${line}: warning: ${message}`)
})

test('finish says what it waits for, without --json', async () => {
  const { file, pull, ended } = await serving()
  await here(send, pull, 'WaitsAtOnce', '{}')
  const waiting = () => askRunning(file, (client) => client.ask<Totals>('totals'))
  while ((await waiting()).waiting === 0);
  const finishing = start('finish', file)
  const told = await finishing.line(/^in flight/)
  assert.is(told, 'in flight: 1, 1 wait for an answer (--now ends without them)')
  assert.is((await here(finish, file, '--now', '--json')).code, 1)
  assert.is((await finishing.ended).code, 1)
  await ended
})

test('top goes on until the ZManager goes; finish --now gives up what nobody has begun', async () => {
  const { file, pull, ended } = await serving()
  const looking = start('top', file, '--interval', '50')
  await looking.line(/^FLOW +ACCEPTED/)
  const flag = join(folder, 'never')
  for (let i = 0; i < 3; i++)
    assert.is((await here(send, pull, 'Slow', JSON.stringify({ loop: flag }))).code, 0)
  await looking.line(/^Slow +3 /)
  const finished = await here(finish, file, '--now', '--json')
  assert.is(finished.code, 1)
  const { accepted, done, inFlight, failures } = JSON.parse(finished.out[0] ?? '{}')
  assert.equal([accepted, done, inFlight], [3, 0, 0])
  assert.ok(failures.ESTOPPED > 0, JSON.stringify(failures))
  assert.is((await ended).code, 1)
  const { code, out, err } = await looking.ended
  assert.is(code, 1)
  assert.match(err.at(-1) ?? '', /^zmanager: The ZManager at .* has gone \(ECONNRESET\)$/)
  assert.not.match(out.join(''), /\p{Cc}/u)
})

test('the first SIGINT finishes, the second ends at once with 130', async () => {
  const { child, pull, ended, line } = await serving()
  const work = JSON.stringify({ loop: join(folder, 'never') })
  assert.is((await here(send, pull, 'Slow', work)).code, 0)
  child.kill('SIGINT')
  await line(/^finishing what was accepted/)
  child.kill('SIGINT')
  assert.is((await ended).code, 130)
})

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} ends top, and has a ZManager finish what was accepted, with 0`, async () => {
    const { child, file, pull, ended, line } = await serving()
    const looking = start('top', file, '--interval', '50', '--json')
    await looking.line(/"acceptedPerSecond"/)
    looking.child.kill(signal)
    assert.is((await looking.ended).code, 0)
    assert.is((await here(send, pull, 'Slow', '{"ms":1000}')).code, 0)
    child.kill(signal)
    await line(/^finishing what was accepted/)
    const { code, err } = await ended
    assert.is(code, 0, err.join('\n'))
    assert.match(err.join('\n'), /^accepted 1 = done 1 \+ failed 0; /m)
  })
}

test('zmanager finish ends a run over input, too: its results are written, its exit code is 1', async () => {
  const file = writeFixture('ipc', { workers: 1 })
  const { child, ended, line } = start('run', file, '--flow', 'Work', '--json')
  child.stdin?.write('{"n":1}\n')
  await line(/"first":true/)
  assert.is((await here(finish, file)).code, 0)
  const { code, out, err } = await ended
  assert.is(code, 1)
  assert.is(out.length, 1)
  const { accepted, done } = JSON.parse(err.at(-1) ?? '{}')
  assert.equal([accepted, done], [1, 1])
})

test('where others may work, scale leaves no worker here', async () => {
  const { file, ended } = await serving('remote_workers = yes')
  const scaled = await here(scale, file, '0')
  assert.equal([scaled.code, scaled.out], [0, ['workers: none']], scaled.error?.message)
  assert.is((await here(finish, file)).code, 0)
  assert.is((await ended).code, 0)
})

test('mistakes on the command line get a sentence', async () => {
  const file = writeFixture('ipc', { lines: 'control_address =' })
  const cases: [Command, string[], RegExp][] = [
    [run, [file, '--serve', '--events'], /reads no input/],
    [top, [file], /names no control_address/],
    [top, [file, '--interval', '5'], /--interval is a whole number/],
    [top, ['missing.ini'], /Cannot read missing\.ini/],
    [scale, [file, '-1'], /number of workers|Unknown option/],
    [scale, [file, '1.5'], /number of workers/],
    [dead, ['bury', file], /dead takes list or replay/],
    [dead, ['list', 'x', file], /dead takes list or replay/],
    [dead, ['replay', file, 'the-id'], /id stands before the zmanager.ini: dead replay the-id /],
    [services, ['start', file], /services takes list/],
    [services, ['stat', 'x', file], /services takes list.*, not 'stat'/],
    [finish, [], /finish takes one zmanager\.ini/],
    [finish, ['inproc://x'], /inside another process/],
  ]
  for (const [command, args, message] of cases) {
    const { code, error } = await here(command, ...args)
    assert.ok(error instanceof UsageError || error instanceof ZmqError, `${args}: ${code} ${error}`)
    assert.match(error.message, message)
  }
})

test('with --json an error is an object on stderr; exit code 2 for wrong usage, 1 for a failure', async () => {
  const nobody = writeFixture('ipc')
  const [wrong, failed] = await Promise.all([
    start('scale', nobody, 'x', '--json').ended,
    start('scale', nobody, '2', '--json').ended,
  ])
  assert.equal([wrong.code, wrong.out], [2, []])
  assert.match(JSON.parse(wrong.err.join('')).error.message, /number of workers/)
  assert.equal([failed.code, failed.out], [1, []])
  assert.is(JSON.parse(failed.err.join('')).error.code, 'ECONNREFUSED')
})

test('each command tells its exit codes, its --json and an example', () => {
  const all = [run, check, send, tail, top, dead, scale, finish, reload, services, device, bench]
  for (const { name, help } of all) {
    assert.match(help, new RegExp(`^Usage: zmanager ${name} `), name)
    assert.match(help, /^Exit code: 0 /m, name)
    assert.match(help, /^Examples?:$/m, name)
    assert.match(help, /--json/, name)
  }
})

test.run()

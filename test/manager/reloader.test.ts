// The steps of a reload, with workers that are made up: what is refused, in which order things happen,
// and that a reload that fails half way leaves the old program in force and known to all.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../src/core/errors.ts'
import { loadConfig, type ZManagerConfig } from '../../src/manager/config.ts'
import { makeProgram, type Program } from '../../src/manager/program/program.ts'
import { ProgramInForce } from '../../src/manager/program/program-in-force.ts'
import { Reloader } from '../../src/manager/program/reload.ts'
import { decodeEnvelope } from '../../src/topic/envelope.ts'
import { decodeValue } from '../../src/wire/value.ts'
import { writeFixture } from './fixture.ts'

const FIRST = loadConfig(writeFixture('inproc', { workers: 2 }))
const flowFile = (text: string): Pick<ZManagerConfig, 'flows'> => ({
  flows: [{ file: 'flows.ini', text }],
})
const B = flowFile('[Work]\n?Work?Push\nSubject?Work?First\n??done\n')
const NOBODY = flowFile('[Work]\n?Work?Push\nSubject?Work?Frist\n??done\n')

type Told = Pick<Program, 'flows' | 'sources'>

/** Workers are only names here, each with the program that it would have been told. */
class Fakes {
  readonly program: ProgramInForce
  readonly reloader: Reloader
  readonly log: string[] = []
  readonly told: Told[] = []
  names: string[] = []
  isRunning = true
  /** Workers that can be started before starting one fails: once, or from then on. */
  left = Number.POSITIVE_INFINITY
  recovers = true
  published: Record<string, unknown> = {}
  #count = 0

  constructor(config: ZManagerConfig = FIRST) {
    this.program = new ProgramInForce(makeProgram(config.flows, config.actions))
    this.reloader = new Reloader(config, this.program, {
      isRunning: () => this.isRunning,
      pool: () => ({ workers: [...this.names], size: this.names.length }),
      renew: () => this.#renew(),
      resize: (count) => this.#resize(count),
      replaced: () => void this.log.push('replaced'),
      publish: (message) => {
        const { topic, body } = decodeEnvelope(message)
        this.published = decodeValue(body) as Record<string, unknown>
        this.log.push(`published ${topic}`)
      },
      report: (text) => void this.log.push(text),
    })
    this.names = Array.from({ length: config.workerCount }, () => this.#start())
  }

  /** The programs of the workers that are up. */
  get programs(): Told[] {
    return this.names.map((name) => this.told[Number(name)] as Told)
  }

  #start(): string {
    if (this.left === 0) {
      if (this.recovers) this.left = Number.POSITIVE_INFINITY
      throw Object.assign(new Error('no more threads'), { code: 'EAGAIN' })
    }
    this.left--
    const { flows, sources } = this.reloader.upcoming
    this.told.push({ flows, sources })
    return String(this.#count++)
  }

  async #renew(): Promise<void> {
    this.log.push('renew')
    for (const place of this.names.keys()) {
      await Promise.resolve()
      this.names[place] = this.#start()
    }
  }

  async #resize(count: number): Promise<void> {
    this.log.push(`resize ${count}`)
    await Promise.resolve()
    while (this.names.length < count) this.names.push(this.#start())
    this.names.length = count
  }
}

const refusal = (promise: Promise<unknown>): Promise<ZmqError> =>
  promise.then(
    () => assert.unreachable('nothing was refused'),
    (error) => error,
  )

test('workers know both programs before the new one is in force; then it is told', async () => {
  const fakes = new Fakes()
  const old = fakes.program.flows.find('Work')
  const { flows } = await fakes.reloader.reload(() => ({ ...FIRST, ...B }))
  assert.equal(flows, ['Work', 'Announce', 'Empty', 'Waits', 'WaitsAtOnce'])
  const topic = 'UPDATE_ROUTING_WORKERS~ROUTING_WORKER~~~update~'
  assert.equal(fakes.log, ['renew', 'replaced', `published ${topic}`])
  assert.equal(fakes.published['flows'], flows)
  assert.type(fakes.published['at'], 'number')
  assert.is.not(fakes.program.flows.find('Work').version, old.version)
  assert.is(fakes.program.flows.find('Work', old.version).steps.length, 4)
  for (const { flows, sources } of fakes.programs) {
    assert.is(sources.flows, B.flows)
    assert.is(flows.at('Work', old.version)?.steps.length, 4)
  }
})

test('what was in force before comes back when its files are loaded again', async () => {
  const fakes = new Fakes()
  const { version } = fakes.program.flows.find('Work')
  await fakes.reloader.reload(() => ({ ...FIRST, ...B }))
  await fakes.reloader.reload(() => FIRST)
  assert.is(fakes.program.flows.find('Work').version, version)
  assert.is(fakes.program.earlier.length, 1)
})

test('what cannot be read, a fault that is new, and a key that needs a restart change nothing', async () => {
  const fakes = new Fakes()
  const { version } = fakes.program.flows.find('Work')
  const read = (): never => {
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
  }
  const refusals: [() => ZManagerConfig, string, RegExp][] = [
    [read, 'ENOENT', /no such file/],
    [
      () => ({ ...FIRST, ...NOBODY }),
      'EINVAL',
      /: flows\.ini:\d+: no mapping knows step Subject\?Work\?Frist/,
    ],
    [() => ({ ...FIRST, workerPrefetch: 1 }), 'EINVAL', /^worker_prefetch changed.*restart/],
    [() => ({ ...FIRST, subjectPullAddress: 'inproc://x' }), 'EINVAL', /^subject_pull_address/],
    [() => ({ ...FIRST, journal: 'j' }), 'EINVAL', /^journal changed/],
  ]
  for (const [config, code, pattern] of refusals) {
    const error = await refusal(fakes.reloader.reload(config))
    assert.is(error.code, code)
    assert.match(error.message, pattern)
  }
  fakes.isRunning = false
  assert.is((await refusal(fakes.reloader.reload(() => FIRST))).code, 'EFSM')
  assert.equal(fakes.log, [])
  assert.is(fakes.program.flows.find('Work').version, version)
})

test('a fault that was there before does not stand in the way', async () => {
  const faulty = flowFile(`${FIRST.flows[0]?.text}\n[Odd]\n??nobody\n??done\n`)
  const fakes = new Fakes({ ...FIRST, ...faulty })
  const more = flowFile(`${faulty.flows[0]?.text}\n[More]\n?Work?First\n??done\n`)
  assert.equal((await fakes.reloader.reload(() => ({ ...FIRST, ...more }))).flows, ['More'])
})

test('the first worker cannot start: nothing changes, and nobody is replaced again', async () => {
  const fakes = new Fakes()
  const { version } = fakes.program.flows.find('Work')
  fakes.left = 0
  const error = await refusal(fakes.reloader.reload(() => ({ ...FIRST, ...B })))
  assert.is(error.code, 'EAGAIN')
  assert.equal(fakes.log, ['renew'])
  assert.is(fakes.reloader.upcoming, fakes.program)
  assert.is(fakes.program.flows.find('Work').version, version)
})

test('a later worker cannot start: all knew the old flows at every moment, and have the old program again', async () => {
  const fakes = new Fakes()
  const { version } = fakes.program.flows.find('Work')
  fakes.left = 1
  const error = await refusal(fakes.reloader.reload(() => ({ ...FIRST, ...B })))
  assert.is(error.code, 'EAGAIN')
  assert.equal(fakes.log, ['renew', 'renew'])
  for (const program of fakes.told) assert.ok(program.flows.at('Work', version))
  for (const { sources } of fakes.programs) assert.is(sources.flows, FIRST.flows)
  assert.is(fakes.program.flows.find('Work').version, version)
})

test('neither can it be put back: that is reported, and the old flows are known to all', async () => {
  const fakes = new Fakes()
  const { version } = fakes.program.flows.find('Work')
  fakes.left = 1
  fakes.recovers = false
  const error = await refusal(fakes.reloader.reload(() => ({ ...FIRST, ...B })))
  assert.is(error.code, 'EAGAIN')
  assert.match(fakes.log.at(-1) as string, /failed half way.*no more threads/)
  for (const program of fakes.programs) assert.ok(program.flows.at('Work', version))
  assert.is(fakes.program.flows.find('Work').version, version)
})

test('another worker_count: as many workers; where one cannot start, as many as before', async () => {
  const fakes = new Fakes()
  await fakes.reloader.reload(() => ({ ...FIRST, workerCount: 4 }))
  assert.is(fakes.names.length, 4)
  fakes.left = 5
  const grown = fakes.reloader.reload(() => ({ ...FIRST, ...B, workerCount: 6 }))
  assert.is((await refusal(grown)).code, 'EAGAIN')
  assert.is(fakes.names.length, 4)
  for (const { sources } of fakes.programs) assert.is(sources.flows, FIRST.flows)
  await fakes.reloader.reload(() => ({ ...FIRST, workerCount: 1 }))
  assert.is(fakes.names.length, 1)
})

test('with no worker left, a reload starts as many as the file says', async () => {
  const fakes = new Fakes()
  fakes.names = []
  await fakes.reloader.reload(() => FIRST)
  assert.is(fakes.names.length, 2)
})

test('two at once: the second reads its files when the first is over', async () => {
  const fakes = new Fakes()
  const read: string[] = []
  const reading = (name: string, config: ZManagerConfig) => () => {
    read.push(`${name} after ${fakes.log.filter((line) => line === 'replaced').length}`)
    return config
  }
  await Promise.all([
    fakes.reloader.reload(reading('first', { ...FIRST, ...B })),
    refusal(fakes.reloader.reload(reading('second', { ...FIRST, ...NOBODY }))),
    fakes.reloader.reload(reading('third', FIRST)),
  ])
  assert.equal(read, ['first after 0', 'second after 1', 'third after 1'])
  assert.is(fakes.program.sources.flows, FIRST.flows)
})

test('what is odd in the new files is reported once, and returned each time', async () => {
  const fakes = new Fakes()
  const odd = flowFile('[Work]\n?Work?Push\nSubject?Work?First\n')
  const first = await fakes.reloader.reload(() => ({ ...FIRST, ...odd }))
  const second = await fakes.reloader.reload(() => ({ ...FIRST, ...odd }))
  assert.equal(second, { flows: [], warnings: first.warnings }, 'who asks is told each time')
  assert.match(first.warnings[0]?.message ?? '', /does not end in/)
  const reports = fakes.log.filter((line) => line.startsWith('warning: flows.ini:'))
  assert.equal(reports.length, 1)
  assert.match(reports[0] as string, /^warning: flows\.ini:1: flow Work does not end in \?\?done/)
})

test.run()

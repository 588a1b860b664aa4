// What peers may send: none of it ends the process, and every message is owned by someone.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ActionKey,
  decodeEnvelope,
  decodeValue,
  encodeValue,
  type Header,
  type Message,
  Pull,
  Push,
} from '../../src/index.ts'
import { makeProgram } from '../../src/manager/program.ts'
import { type Dispatcher, Subject } from '../../src/manager/subject.ts'
import { encodeEnvelope } from '../../src/topic/envelope.ts'
import { within } from '../support/index.ts'
import { withManager } from './fixture.ts'

const LIMIT_MS = 5000

const HEADER: Header = {
  id: 'peer',
  flow: 'Work',
  version: '',
  step: 0,
  format: 'msgpack',
  at: 0,
  attempt: 1,
  key: '?Work?Push',
}

const from = (header: Partial<Header>, values = {}): Message =>
  encodeEnvelope('t', { ...HEADER, ...header }, encodeValue(values))

for (const flow of ['a~b', 'a\nb']) {
  test(`a flow named ${JSON.stringify(flow)} is malformed and the Subject goes on`, async () => {
    let told = (_text: string): void => {}
    const report = new Promise<string>((resolve) => {
      told = resolve
    })
    await withManager('inproc', { workers: 1, told }, async (manager) => {
      const producer = new Push({ linger: 0 })
      producer.connect(manager.pullAddress)
      await producer.send(from({ flow }))
      assert.match(await within(LIMIT_MS, report, 'a report'), /malformed: .*"flow" must be/)
      await manager.push('Work', { n: 1 })
      await within(LIMIT_MS, manager.drain(), 'the next message ends')
      const { accepted, done, failed } = manager.totals()
      assert.equal({ accepted, done, failed }, { accepted: 2, done: 1, failed: 1 })
      await producer.close()
    })
  })
}

test('flows that nobody knows fail, and are counted together', async () => {
  await withManager('inproc', { workers: 1 }, async (manager) => {
    const ends = await manager.subscribe(ActionKey.of({ action: 'failed' }))
    const producer = new Push({ linger: 0 })
    producer.connect(manager.pullAddress)
    for (const id of ['1', '2', '3']) await producer.send(from({ id, flow: `made-up-${id}` }))
    for (let n = 0; n < 3; n++) await within(LIMIT_MS, ends.receive(), 'a failure')
    const { flows } = manager.totals()
    assert.equal(flows, { '(unknown)': { accepted: 3, done: 0, failed: 3 } })
    await Promise.all([ends.close(), producer.close()])
  })
})

test('a result that is sent in again starts afresh: what its handler publishes is no end', async () => {
  await withManager('inproc', { workers: 1 }, async (manager) => {
    const results = await manager.subscribe(ActionKey.of({ flow: 'Work' }))
    const next = async () => decodeEnvelope(await within(LIMIT_MS, results.receive(), 'a result'))
    await manager.push('Work', {})
    const { header } = await next()
    assert.is(header.outcome, 'done')
    const producer = new Push({ linger: 0 })
    producer.connect(manager.pullAddress)
    await producer.send(from({ ...header, id: 'again', step: 0 }, { tell: true }))
    const told = await next()
    assert.is(told.topic, 'Work~PUBLISH~Test~Told~told~')
    assert.is(told.header.outcome, undefined)
    const end = await next()
    assert.is(end.header.outcome, 'done')
    assert.is((decodeValue(end.body) as Record<string, unknown>)['second'], '!')
    await Promise.all([results.close(), producer.close()])
  })
})

/** A Subject alone, with one message in a flow, and a taker of its work. */
async function withSubject(
  name: string,
  taker: Pull,
  dispatcher: Partial<Dispatcher>,
  body: (results: Pull) => Promise<void>,
): Promise<void> {
  const program = makeProgram(
    [{ file: '/flows.ini', text: '[F]\n?F?Push\nSubject?F?Go\n??done\n' }],
    [{ file: '/actions.ini', text: '[actionmapping]\n?F?Go = ./handlers.ts#go\n' }],
  )
  const results = new Pull()
  const producer = new Push({ linger: 0 })
  const config = {
    subjectPullAddress: `inproc://${name}-in`,
    subjectPushAddress: `inproc://${name}-out`,
  }
  const subject = new Subject(
    config as ConstructorParameters<typeof Subject>[0],
    program,
    {
      accepted: () => true,
      room: async () => {},
      abandoned: new AbortController().signal,
      leased: () => {},
      malformed: () => {},
      unsaid: () => {},
      ...dispatcher,
    },
    `inproc://${name}-results`,
  )
  await results.bind(`inproc://${name}-results`)
  await subject.start()
  try {
    taker.connect(subject.pushAddress)
    await taker.ready()
    producer.connect(subject.pullAddress)
    const { version } = program.flows.find('F')
    await producer.send(
      encodeEnvelope('t', { ...HEADER, flow: 'F', version }, new Uint8Array(5_000_000)),
    )
    await body(results)
  } finally {
    await Promise.all([taker.close(), producer.close()])
    await within(LIMIT_MS, subject.stop(), 'the Subject stops')
    await results.close()
  }
}

test('a message is leased in the turn in which it is given away, however large', async () => {
  let leased = ''
  let tell = (_worker: string): void => {}
  const inTime = new Promise<string>((resolve) => {
    tell = resolve
  })
  const dispatcher = {
    room: async () => void setImmediate(() => tell(leased)),
    leased: (_envelope: unknown, worker: string) => {
      leased = worker
    },
  }
  await withSubject('lease', new Pull({ metadata: { 'X-Worker': 'w1' } }), dispatcher, async () => {
    assert.is(await within(LIMIT_MS, inTime, 'a turn'), 'w1')
  })
})

test('a message that someone else than a worker took fails', async () => {
  await withSubject('stranger', new Pull(), {}, async (results) => {
    const { header } = decodeEnvelope(await within(LIMIT_MS, results.receive(), 'the failure'))
    assert.is(header.outcome, 'failed')
    assert.is(header.error?.code, 'EWORKERLOST')
  })
})

test.run()

// Formats and sizes through a whole ZManager: a message keeps the format that its flow names.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ActionKey,
  type FlowEvent,
  Push,
  type Subscription,
  type ZmqError,
} from '../../src/index.ts'
import { bodyOf } from '../../src/manager/codecs.ts'
import { envelope, newHeader } from '../../src/manager/messages.ts'
import { within } from '../support/index.ts'
import { withManager } from './fixture.ts'
import { writeModule } from './module-fixture.ts'

const LIMIT_MS = 20_000

const MODULE = writeModule(`
export const reverse = defineHandler('?Bytes?Reverse', ({ body }: { body: Uint8Array }) => ({
  body: Uint8Array.from(body).reverse(),
}))
export const wrong = defineHandler('?Bytes?Name', () => ({ name: 'x' }))
export const add = defineHandler('?Json?Add', (values: { n: number }) => ({ ...values, n: values.n + 1 }))
export const big = defineHandler('?Json?Big', () => ({ list: [1n] }))
export const tell = defineHandler('?Json?Tell', async (values, context) => {
  await context.publish('?Json@PUBLISH?told', { told: true })
  await context.publish('?Json@PUBLISH?told', { at: NaN }).catch((error) => (values['code'] = error.code))
})
export const grow = defineHandler('?Json?Grow', async ({ size, beside }, context) => {
  const text = 'x'.repeat(Number(size))
  if (beside) await context.publish('?Json@PUBLISH?told', { text })
  return { text }
})
export const fail = defineHandler('?Json?Fail', () => {
  throw new Error('x'.repeat(1_000_000))
})
export const Bytes = defineFlow('Bytes', [reverse, reverse, reverse], { format: 'raw' })
export const Named = defineFlow('Named', [wrong], { format: 'raw' })
export const Json = defineFlow('Json', [add, '?Json?Add'], { format: 'json' })
export const Big = defineFlow('Big', [big], { format: 'json' })
export const Tell = defineFlow('Tell', [tell], { format: 'json' })
export const Grow = defineFlow('Grow', ['?Json?Grow'])
export const Fail = defineFlow('Fail', ['?Json?Fail'])
export const Ordered = defineFlow('Ordered', [add], { format: 'json', orderBy: 'n' })
`)
const settings = { workers: 1, lines: `modules = ${MODULE}` }

const next = (from: Subscription): Promise<FlowEvent> =>
  within(LIMIT_MS, from.receive(), 'a message is published')

const codeOf = async (refused: Promise<unknown>): Promise<ZmqError> =>
  within(
    LIMIT_MS,
    refused.then(
      () => assert.unreachable(),
      (error) => error,
    ),
    'a rejection',
  )

test('raw bytes travel as they are, from step to step and to subscribers', async () => {
  await withManager('inproc', settings, async (manager) => {
    const body = Uint8Array.of(1, 0, 255)
    const answer = await within(LIMIT_MS, manager.request('Bytes', { body }), 'an answer')
    assert.equal([...(answer['body'] as Uint8Array)], [255, 0, 1])
    assert.equal(Object.keys(answer), ['body'])
    const ends = await manager.subscribe(ActionKey.of({ flow: 'Bytes' })).ready()
    await manager.push('Bytes', { body: new Uint8Array() })
    const { header, message } = await next(ends)
    assert.equal([header.format, header.outcome, message[2]?.length], ['raw', 'done', 0])
    void ends.close()
  })
})

test('values that a raw message cannot be are refused where they are made', async () => {
  await withManager('inproc', settings, async (manager) => {
    for (const send of [manager.push('Bytes', { a: 1 }), manager.request('Bytes', { a: 1 })]) {
      const error = await codeOf(send)
      assert.is(error.code, 'EINVAL')
      assert.match(error.message, /these values have a: give \{ body: Uint8Array \}/)
    }
    const error = await codeOf(manager.request('Named', { body: Uint8Array.of(1) }))
    assert.equal([error.code, error.name], ['EINVAL', 'FlowError'])
    assert.match(error.message, /these values have name/)
    assert.is(manager.totals().accepted, 1, 'what was refused here was not sent')
  })
})

test('json: the body is text at every hop, also beside the flow and in flows with an order', async () => {
  await withManager('tcp', settings, async (manager) => {
    assert.equal(await manager.request('Json', { n: 1, s: 'é' }), { n: 3, s: 'é' })
    const seen = await manager.subscribe(ActionKey.of({ flow: 'Tell' })).ready()
    await manager.push('Tell', {})
    const beside = await next(seen)
    assert.is(String(beside.message[2]), '{"told":true}')
    const end = await next(seen)
    assert.equal([end.header.format, end.header.outcome], ['json', 'done'])
    assert.is(String(end.message[2]), '{"code":"EINVAL"}')
    assert.equal(await manager.request('Ordered', { n: 7 }), { n: 8 })
    const error = await codeOf(manager.request('Big', {}))
    assert.is(error.code, 'EINVAL')
    assert.match(error.message, /the big integer 1n \(at values\.list\[0\]\)/)
    void seen.close()
  })
})

test('a producer may choose another format, and the message keeps it', async () => {
  await withManager('tcp', settings, async (manager) => {
    const ends = await manager.subscribe(ActionKey.of({ flow: 'Json' })).ready()
    const push = new Push()
    push.connect(manager.pullAddress)
    const key = ActionKey.of({ flow: 'Json', action: 'Push' })
    const send = (format: string, body: Uint8Array) =>
      push.send(envelope(key, { ...newHeader('i', 'Json', '', key), format }, body))
    await send('msgpack', bodyOf('msgpack', { n: 5, big: 2n ** 60n }))
    const { header, values } = await next(ends)
    assert.equal([header.format, values['n'], values['big']], ['msgpack', 7, 2n ** 60n])
    await push.close()
    void ends.close()
  })
})

const limited = { workers: 1, lines: `modules = ${MODULE}\nmax_message_size = 5000` }

test('max_message_size: own messages and those of handlers over it are EMSGSIZE', async () => {
  await withManager('tcp', limited, async (manager) => {
    const large = { text: 'x'.repeat(6000) }
    assert.is((await codeOf(manager.push('Grow', large))).code, 'EMSGSIZE')
    assert.is((await codeOf(manager.request('Grow', large))).code, 'EMSGSIZE')
    for (const beside of [true, false]) {
      const error = await codeOf(manager.request('Grow', { size: 6000, beside }))
      assert.equal([error.code, error.name], ['EMSGSIZE', 'FlowError'])
      assert.match(error.message, /is over 5000: send less, or raise max_message_size/)
    }
    assert.is(String((await manager.request('Grow', { size: 4000 }))['text']).length, 4000)
    const { code, message } = await codeOf(manager.request('Fail', {}))
    assert.is(code, 'EHANDLER')
    assert.ok(message.length < 5000, 'the text of an error is cut')
    const { accepted, done, failed } = manager.totals()
    assert.equal([accepted, done, failed], [4, 1, 3])
  })
})

test('max_message_size: a stranger with more loses his connection, and it is told and counted', async () => {
  let told = (_text: string): void => {}
  const tooLarge = new Promise<string>((resolve) => {
    told = (text) => text.includes('over the limit') && resolve(text)
  })
  await withManager('tcp', { ...limited, told }, async (manager) => {
    const push = new Push({ linger: 0 })
    push.connect(manager.pullAddress)
    await push.send(['topic', '{}', Buffer.alloc(5001)])
    assert.match(await within(LIMIT_MS, tooLarge, 'a report'), /5001 bytes, over the limit of 5000/)
    assert.equal(await manager.request('Json', { n: 1 }), { n: 3 }, 'others go on')
    await push.close()
  })
})

test('max_message_size: less than a header is refused', async () => {
  const error = await codeOf(
    withManager('inproc', { lines: 'max_message_size = 100' }, async () => {}),
  )
  assert.is(error.code, 'EINVAL')
  assert.match(error.message, /max_message_size is 0 \(no limit\) or bytes from 4096, not 100/)
})

test.run()

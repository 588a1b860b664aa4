// Devices over inproc: what they forward, when they read, what they count, and how they end.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { nextTurn } from '../../../src/core/loop.ts'
import {
  Dealer,
  Device,
  Pair,
  Pull,
  Push,
  Reply,
  Request,
  Router,
  type Socket,
  Subscriber,
  XPublisher,
  XSubscriber,
  type ZmqError,
} from '../../../src/index.ts'
import { numbered, text, within } from '../../support/index.ts'
import { Rack } from '../../support/rack.ts'

const LIMIT_MS = 10_000
const test = suite('device')
const rack = new Rack()
test.after.each(() => rack.clear())

function codeOf(act: () => unknown): string {
  try {
    act()
    return 'no error'
  } catch (error) {
    return (error as ZmqError).code
  }
}

const soon = <T>(promise: Promise<T>, what: string): Promise<T> => within(LIMIT_MS, promise, what)

/** The next `count` messages as text. */
async function take(
  from: Pull | Subscriber | Pair,
  count: number,
): Promise<(string | undefined)[]> {
  const all = []
  while (all.length < count) all.push(text(await soon(from.receive(), `message ${all.length}`)))
  return all
}

interface Stream {
  readonly push: Push
  readonly front: Pull
  readonly back: Push
  readonly pull: Pull
}

/** push -> front | back -> pull, every queue with the same high-water mark. */
async function stream(hwm = 0): Promise<Stream> {
  const queue = { sendHighWaterMark: hwm }
  const inbox = { receiveHighWaterMark: hwm }
  const [push, front] = [new Push(queue), new Pull(inbox)]
  const [back, pull] = [new Push(queue), new Pull(inbox)]
  rack.connected(push, await rack.bound(front))
  rack.connected(pull, await rack.bound(back))
  return { push, front, back, pull }
}

test('forwards whole messages, and each array is its own', async () => {
  const { push, front, back, pull } = await stream()
  const [capture, copies] = [new Push(), new Pull()]
  rack.connected(copies, await rack.bound(capture))
  rack.run(Device.streamer(front, back, { capture }))
  await push.send(['a', '', 'c'])
  const message = await soon(pull.receive(), 'the message')
  const copy = await soon(copies.receive(), 'its copy')
  assert.equal([text(message), text(copy)], ['a||c', 'a||c'])
  assert.is.not(message, copy)
})

test('a wrong pair is EINVAL and says which is right', () => {
  const wrong = rack.add(new Dealer()) as unknown as Router
  const back = rack.add(new Dealer())
  assert.throws(() => Device.queue(wrong, back), /queue needs ROUTER in front and DEALER/)
  const [xpub, xsub] = [rack.add(new XPublisher()), rack.add(new XSubscriber())]
  const swapped = (): Device =>
    Device.forwarder(xpub as unknown as XSubscriber, xsub as unknown as XPublisher)
  assert.is(codeOf(swapped), 'EINVAL')
  const [pull, push] = [rack.add(new Pull()), rack.add(new Push())]
  const turned = (): Device => Device.streamer(push as unknown as Pull, pull as unknown as Push)
  assert.throws(turned, /not PUSH and PULL/)
})

test('sockets that cannot do their part are EINVAL', () => {
  const [push, other, pull] = [new Push(), new Push(), new Pull()].map((one) => rack.add(one)) as [
    Push,
    Push,
    Pull,
  ]
  assert.throws(() => new Device(push, other), /No message can pass between PUSH and PUSH/)
  assert.is(
    codeOf(() => new Device(pull, pull)),
    'EINVAL',
  )
  assert.is(
    codeOf(() => new Device(pull, push, { capture: pull as unknown as Push })),
    'EINVAL',
  )
  assert.is(
    codeOf(() => new Device(pull, push, { control: other as unknown as Pull })),
    'EINVAL',
  )
})

test('any pair works: PAIR and PAIR both ways, PUSH in front and PULL at the back one way', async () => {
  const [left, front, back, right] = [new Pair(), new Pair(), new Pair(), new Pair()]
  rack.connected(left, await rack.bound(front))
  rack.connected(right, await rack.bound(back))
  rack.run(new Device(front, back))
  await left.send('there')
  assert.equal(await take(right, 1), ['there'])
  await right.send('back')
  assert.equal(await take(left, 1), ['back'])
  const { push, front: source, back: sink, pull } = await stream()
  const device = rack.run(new Device(sink, source))
  await push.send('m')
  assert.equal(await take(pull, 1), ['m'])
  assert.is(device.statistics().back.received.messages, 1)
  assert.is(device.statistics().front.sent.messages, 1)
})

test('a second run is EFSM, also after the end; a closed socket is EBADF', async () => {
  const { front, back } = await stream()
  const device = new Device(front, back)
  const run = device.run()
  const again = (): Promise<string> => device.run().then(String, (error) => error.code)
  assert.is(await again(), 'EFSM')
  await soon(device.stop(), 'the stop')
  await soon(run, 'the run')
  assert.is(await again(), 'EFSM')
  await front.close()
  const late = new Device(front, back).run()
  assert.is(await late.then(String, (error) => error.code), 'EBADF')
})

test('stop without a run resolves, and a run after it ends at once', async () => {
  const { push, front, back } = await stream()
  const device = new Device(front, back)
  await soon(device.stop(), 'the stop')
  await push.send('m')
  await soon(device.run(), 'the run')
  assert.is(device.statistics().front.received.messages, 0)
})

test('closing any of its sockets ends the run', async () => {
  for (const which of [0, 1, 2, 3]) {
    const { front, back } = await stream()
    const [capture, control] = [rack.add(new Push()), rack.add(new Pull())]
    const run = new Device(front, back, { capture, control }).run()
    await nextTurn()
    void ([front, back, capture, control] as Socket[])[which]?.close()
    await soon(run, `the end after closing socket ${which}`)
  }
})

test('at most 1000 messages go before the event loop turns', async () => {
  const { push, front, back, pull } = await stream()
  for (const label of numbered('m', 2500)) assert.ok(push.trySend(label))
  const device = rack.run(new Device(front, back))
  assert.is(device.statistics().front.received.messages, 1000)
  await Promise.resolve()
  assert.is(device.statistics().front.received.messages, 1000)
  assert.equal(await take(pull, 2500), numbered('m', 2500))
})

test('reads only what the other side can take: without a puller, nothing', async () => {
  const front = new Pull()
  const push = rack.connected(new Push(), await rack.bound(front))
  const device = rack.run(Device.streamer(front, rack.add(new Push())))
  for (const label of numbered('m', 10)) await push.send(label)
  await nextTurn()
  assert.is(device.statistics().front.received.messages, 0)
  await soon(device.stop(), 'the stop')
  assert.equal(await take(front, 10), numbered('m', 10))
})

test('nothing is held in hand: with full queues, forwarded and left add up', async () => {
  const { push, front, back, pull } = await stream(5)
  const device = rack.run(Device.streamer(front, back))
  let accepted = 0
  for (let full = 0; full < 10; ) {
    if (push.trySend(`m${accepted}`)) accepted++
    else {
      full++
      await nextTurn()
    }
  }
  await soon(device.stop(), 'the stop')
  const { messages } = device.statistics().back.sent
  assert.is(device.statistics().front.received.messages, messages)
  assert.is(messages, 10)
  const ends = [...(await take(pull, messages)), ...(await take(front, accepted - messages))]
  assert.equal(ends, numbered('m', accepted))
})

/** XPUB -> XSUB | XPUB -> SUB, nothing dropped, queues of `hwm`. */
async function blockingForwarder(hwm: number) {
  const options = { noDrop: true, sendHighWaterMark: hwm, receiveHighWaterMark: hwm }
  const [publisher, back] = [new XPublisher(options), new XPublisher(options)]
  const front = rack.connected(
    new XSubscriber({ receiveHighWaterMark: hwm }),
    await rack.bound(publisher),
  )
  const sub = rack.connected(new Subscriber({ receiveHighWaterMark: hwm }), await rack.bound(back))
  const device = rack.run(Device.forwarder(front, back))
  sub.subscribe('')
  assert.equal(text(await soon(publisher.receive(), 'the subscription')), '\u0001')
  return { publisher, sub, device }
}

/** Sends until that is refused turn after turn; returns how many were taken. */
async function sendAll(publisher: XPublisher): Promise<number> {
  let accepted = 0
  for (let refused = 0; refused < 10; ) {
    if (publisher.trySend(`m${accepted}`)) accepted++
    else {
      refused++
      await nextTurn()
    }
  }
  return accepted
}

test('test_proxy_hwm: a slow subscriber behind noDrop blocks the publisher, and nothing is lost', async () => {
  const { publisher, sub, device } = await blockingForwarder(10)
  const accepted = await sendAll(publisher)
  assert.ok(accepted >= 20 && accepted <= 41, `${accepted} accepted`)
  assert.equal(await take(sub, accepted), numbered('m', accepted))
  assert.is(device.statistics().back.sent.messages, accepted)
})

test('stopped with a message that a noDrop XPUB had no room for, it arrives all the same', async () => {
  const { publisher, sub, device } = await blockingForwarder(10)
  await sendAll(publisher)
  await soon(device.stop(), 'the stop')
  const { received } = device.statistics().front
  assert.is(received.messages, device.statistics().back.sent.messages + 1)
  assert.equal(await take(sub, received.messages), numbered('m', received.messages))
  assert.is(device.statistics().back.sent.messages, received.messages)
})

test('what the other side refuses is dropped and counted, and the rest goes on', async () => {
  const front = new Pull()
  const router = new Router({ mandatory: true })
  const push = rack.connected(new Push(), await rack.bound(front))
  const dealer = new Dealer({ routingId: 'here' })
  rack.connected(dealer, await rack.bound(router))
  await soon(router.ready(), 'the dealer')
  const device = rack.run(new Device(front, router))
  await push.send(['nobody', 'lost'])
  await push.send(['here', 'found'])
  assert.equal(text(await soon(dealer.receive(), 'the message')), 'found')
  const { dropped, front: side, back } = device.statistics()
  assert.equal([side.received.messages, back.sent.messages, dropped], [2, 1, 1])
})

test('a capture that is full blocks nothing; its misses are counted', async () => {
  const { push, front, back, pull } = await stream()
  const capture = new Push({ sendHighWaterMark: 2 })
  const copies = rack.connected(new Pull({ receiveHighWaterMark: 1 }), await rack.bound(capture))
  const device = rack.run(Device.streamer(front, back, { capture }))
  for (const label of numbered('m', 10)) await push.send(label)
  assert.equal(await take(pull, 10), numbered('m', 10))
  assert.is(device.statistics().captureMissed, 7)
  assert.equal(await take(copies, 3), numbered('m', 3))
})

test('the capture gets requests and replies', async () => {
  const [front, back, capture] = [new Router(), new Dealer(), new Push()]
  const client = rack.connected(new Request({ routingId: 'me' }), await rack.bound(front))
  const server = rack.connected(new Reply(), await rack.bound(back))
  const copies = rack.connected(new Pull(), await rack.bound(capture))
  rack.run(Device.queue(front, back, { capture }))
  await client.send('ask')
  await soon(server.receive(), 'the request')
  await server.send('answer')
  await soon(client.receive(), 'the reply')
  assert.equal(await take(copies, 2), ['me||ask', 'me||answer'])
})

test('pause stops the counters and lets queues fill, resume goes on', async () => {
  const { push, front, back, pull } = await stream()
  const device = rack.run(Device.streamer(front, back))
  await push.send('before')
  assert.equal(await take(pull, 1), ['before'])
  device.pause()
  for (const label of numbered('m', 5)) await push.send(label)
  await nextTurn()
  const counts = { messages: 1, bytes: 6 }
  assert.equal(device.statistics().front.received, counts)
  assert.equal(device.statistics().back.sent, counts)
  device.resume()
  assert.equal(await take(pull, 5), numbered('m', 5))
  assert.equal(device.statistics().back.sent, { messages: 6, bytes: 16 })
})

test('a busy socket leaves nothing waiting at a quiet one', async () => {
  const { push, front, back, pull } = await stream()
  let looks = 0
  const control = rack.add(new Pull())
  const { changed } = control
  control.changed = (options) => {
    looks++
    return changed.call(control, options)
  }
  rack.run(Device.streamer(front, back, { control }))
  for (const label of numbered('m', 50)) {
    await push.send(label)
    await take(pull, 1)
  }
  assert.is(looks, 1)
})

test.run()

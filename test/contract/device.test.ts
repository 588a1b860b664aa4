// Devices between real transports: nothing lost, subscriptions exact, and libzmq's proxy tests.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  Dealer,
  Device,
  Pull,
  Push,
  type Readable,
  Reply,
  Request,
  Router,
  Subscriber,
  XPublisher,
  XSubscriber,
} from '../../src/index.ts'
import { numbered, once, type Scheme, text, vacant, within } from '../support/index.ts'
import { Rack } from '../support/rack.ts'
import { startWorker } from '../support/threads.ts'

const LIMIT_MS = 30_000
const test = suite('devices')
const rack = new Rack()
test.after.each(() => rack.clear())

const soon = <T>(promise: Promise<T>, what: string): Promise<T> => within(LIMIT_MS, promise, what)

async function take(from: Readable, count: number): Promise<string[]> {
  const all: string[] = []
  while (all.length < count) {
    all.push(text(await soon(from.receive(), `message ${all.length + 1} of ${count}`)) as string)
  }
  return all
}

/** A running queue device and where its two sides are. */
async function queue(front: Scheme, back: Scheme) {
  const [router, dealer] = [new Router(), new Dealer()]
  const [frontend, backend] = [await rack.bound(router, front), await rack.bound(dealer, back)]
  return { frontend, backend, device: rack.run(Device.queue(router, dealer)), dealer }
}

/** Answers every request with its text and the replier's name, until closed. */
async function reply(replier: Reply, name: string): Promise<void> {
  for await (const [body] of replier) await replier.send(`${body} by ${name}`)
}

async function request(requester: Request, body: string): Promise<string> {
  await requester.send(body)
  return String((await soon(requester.receive(), `the reply to ${body}`))[0])
}

test('a queue device between 100 requesters and 8 repliers over tcp answers every request', async () => {
  const each = 5
  const { frontend, backend, device, dealer } = await queue('tcp', 'tcp')
  const working = numbered('replier', 8).map((name) =>
    reply(rack.connected(new Reply(), backend), name),
  )
  await soon(dealer.ready(8), '8 repliers')
  const asking = numbered('r', 100).map(async (name) => {
    const requester = rack.connected(new Request(), frontend)
    const answers = []
    for (const body of numbered(`${name}#`, each)) answers.push(await request(requester, body))
    return { name, answers }
  })
  const repliers = new Set<string>()
  for (const { name, answers } of await Promise.all(asking)) {
    assert.equal(
      answers.map((answer) => answer.split(' by ')[0]),
      numbered(`${name}#`, each),
    )
    for (const answer of answers) repliers.add(answer.split(' by ')[1] as string)
  }
  assert.is(repliers.size, 8)
  const { front, back, dropped } = device.statistics()
  const counts = [front.received, back.sent, back.received, front.sent].map((one) => one.messages)
  assert.equal([...counts, dropped], [500, 500, 500, 500, 0])
  await rack.clear()
  await Promise.all(working)
})

/** A publisher, three forwarders in a row, and where subscribers connect. */
async function chain(scheme: Scheme): Promise<{ publisher: XPublisher; end: string }> {
  const publisher = new XPublisher()
  let end = await rack.bound(publisher, scheme)
  for (let i = 0; i < 3; i++) {
    const front = rack.connected(new XSubscriber(), end)
    const back = new XPublisher()
    end = await rack.bound(back, scheme)
    rack.run(Device.forwarder(front, back))
  }
  return { publisher, end }
}

/**
 * What the publisher has heard since the last call. Each subscriber asks for a prefix of its own:
 * when the last of these arrives, so did all that was asked for before.
 */
function listening(publisher: XPublisher): (subscribers: Subscriber[]) => Promise<string[]> {
  let round = 0
  return async (subscribers) => {
    const marks = numbered(`mark-${++round}-`, subscribers.length)
    subscribers.forEach((subscriber, i) => {
      subscriber.subscribe(marks[i] as string)
    })
    const open = new Set(marks)
    const heard: string[] = []
    while (open.size > 0) {
      const [news] = await take(publisher, 1)
      const [sign, prefix] = [news?.[0] === '\u0001' ? '+' : '-', news?.slice(1) ?? '']
      if (!open.delete(prefix) && !prefix.startsWith('mark-')) heard.push(sign + prefix)
    }
    return heard
  }
}

for (const scheme of ['inproc', 'tcp'] as const) {
  test(`${scheme}: a forwarder chain of three keeps subscriptions and unsubscriptions exact`, async () => {
    const { publisher, end } = await chain(scheme)
    const heard = listening(publisher)
    const [a, b, c] = [0, 1, 2].map(() => rack.connected(new Subscriber(), end)) as [
      Subscriber,
      Subscriber,
      Subscriber,
    ]
    for (const subscriber of [a, b, c]) subscriber.subscribe('news')
    assert.equal(await heard([a, b, c]), ['+news'])
    await publisher.send('news: all')
    for (const subscriber of [a, b, c]) assert.equal(await take(subscriber, 1), ['news: all'])

    b.subscribe('news')
    b.subscribe('sport')
    a.unsubscribe('news')
    b.unsubscribe('news')
    c.unsubscribe('weather')
    assert.equal(await heard([a, b, c]), ['+sport'])
    await publisher.send('news: two')
    await publisher.send('sport: one')
    assert.equal(await take(b, 2), ['news: two', 'sport: one'])
    assert.equal(await take(c, 1), ['news: two'])

    c.unsubscribe('news')
    assert.equal(await heard([a, b, c]), [])
    b.unsubscribe('news')
    assert.equal(await heard([a, b, c]), ['-news'])
    const { dropped } = publisher.statistics()
    await publisher.send('news: nobody')
    const missed = (publisher.statistics().dropped['no-peer'] ?? 0) - (dropped['no-peer'] ?? 0)
    assert.is(missed, 1)

    c.subscribe('news')
    assert.equal(await heard([c]), ['+news'])
    await b.close()
    while ((await take(publisher, 1))[0] !== '\u0000sport');
    assert.is(a.tryReceive(), undefined)
    await publisher.send('news: last')
    assert.equal(await take(c, 1), ['news: last'])
  })
}

/** Sends labels until `count` went out, without waiting for the puller. */
async function pushAll(push: Push, labels: string[]): Promise<void> {
  for (const label of labels) await push.send(label)
}

test('a streamer loses nothing when a puller restarts: it connects to the puller', async () => {
  const url = await vacant('tcp')
  const front = new Pull({ receiveHighWaterMark: 10 })
  const push = new Push({ sendHighWaterMark: 1000 })
  rack.connected(push, await rack.bound(front, 'tcp'))
  const back = rack.connected(new Push({ sendHighWaterMark: 10 }), url)
  const device = rack.run(Device.streamer(front, back))

  const first = rack.add(new Pull())
  await first.bind(url)
  await pushAll(push, numbered('m', 300))
  assert.equal(await take(first, 300), numbered('m', 300))
  const gone = once(back, 'disconnect')
  await first.close()
  await gone
  const more = pushAll(push, numbered('m', 600, 300))
  const again = rack.add(new Pull())
  await again.bind(url)
  assert.equal(await take(again, 600), numbered('m', 600, 300))
  await more
  assert.is(device.statistics().back.sent.messages, 900)
})

test('a streamer loses nothing when a puller restarts: the pullers connect to it', async () => {
  const [front, back] = [new Pull(), new Push({ sendHighWaterMark: 10 })]
  const push = rack.connected(new Push(), await rack.bound(front, 'ipc'))
  const url = await rack.bound(back, 'tcp')
  const device = rack.run(Device.streamer(front, back))
  const first = rack.connected(new Pull(), url)
  await pushAll(push, numbered('m', 300))
  assert.equal(await take(first, 300), numbered('m', 300))
  const gone = once(back, 'detach')
  await first.close()
  await gone
  await pushAll(push, numbered('m', 300, 300))
  assert.is(device.statistics().front.received.messages, 300)
  const again = rack.connected(new Pull(), url)
  assert.equal(await take(again, 300), numbered('m', 300, 300))
})

test('test_proxy: 3 clients, 5 workers, every reply reaches its client; ends with its sockets', async () => {
  const { frontend, backend, device, dealer } = await queue('tcp', 'inproc')
  const workers = numbered('worker', 5).map(() => rack.connected(new Dealer(), backend))
  for (const [replies, worker] of workers.entries()) void answer(worker, replies)
  const clients = numbered('client', 3).map((routingId) =>
    rack.connected(new Dealer({ routingId }), frontend),
  )
  // Round robin over the workers: 5 requests of one client at a time get 0 + 1 + 2 + 3 + 4 replies.
  for (const client of clients) {
    const id = client.routingId as string
    for (const body of numbered(`${id}-`, 5)) await client.send(body)
    const replies = await take(client, 10)
    assert.ok(replies.every((reply) => reply.startsWith(`${id}-`)))
  }
  const { back, front } = device.statistics()
  assert.equal([back.sent.messages, back.received.messages], [15, 30])
  assert.equal([front.received.messages, front.sent.messages], [15, 30])
  void dealer.close()
  await soon(device.stop(), 'the end')
})

/** As libzmq's test: a worker replies to a request several times, or never. */
async function answer(worker: Dealer, replies: number): Promise<void> {
  for await (const request of worker) {
    for (let i = 0; i < replies; i++) await worker.send([...request])
  }
}

test('test_proxy_single_socket: frontend and backend may be one REP, which is an echo', async () => {
  const replier = new Reply()
  const requester = rack.connected(new Request(), await rack.bound(replier))
  const device = rack.run(new Device(replier, replier))
  for (const body of numbered('msg', 5)) assert.is(await request(requester, body), body)
  const { front, back } = device.statistics()
  assert.equal([front.received.messages, back.sent.messages], [5, 5])
})

test('a single socket serves several peers, too', async () => {
  const replier = new Reply()
  const url = await rack.bound(replier, 'tcp')
  rack.run(new Device(replier, replier))
  const requesters = numbered('r', 10).map(() => rack.connected(new Request(), url))
  const replies = await Promise.all(requesters.map((one, i) => request(one, `r${i}`)))
  assert.equal(replies, numbered('r', 10))
})

test('test_proxy_steerable: PAUSE, RESUME, STATISTICS and TERMINATE over tcp', async () => {
  const control = new Reply()
  const [router, dealer] = [new Router(), new Dealer()]
  const client = rack.connected(new Request({ routingId: 'me' }), await rack.bound(router, 'tcp'))
  const replier = rack.connected(new Reply(), await rack.bound(dealer, 'tcp'))
  const steering = rack.connected(new Request(), await rack.bound(control, 'tcp'))
  const run = Device.queue(router, dealer, { control }).run()
  const statistics = async (): Promise<number[]> => {
    await steering.send('STATISTICS')
    const frames = await soon(steering.receive(), 'the statistics')
    return frames.map((frame) => Number(Buffer.from(frame).readBigUInt64LE()))
  }
  void reply(replier, 'x')
  assert.is(await request(client, 'one'), 'one by x')
  const before = [1, 5, 1, 10, 1, 10, 1, 5]
  assert.equal(await statistics(), before)
  assert.is(await request(steering, 'PAUSE'), '')
  await client.send('two')
  assert.equal(await statistics(), before)
  assert.is(await request(steering, 'RESUME'), '')
  assert.is(text(await soon(client.receive(), 'the reply')), 'two by x')
  assert.equal(
    await statistics(),
    before.map((count) => 2 * count),
  )
  assert.is(await request(steering, 'TERMINATE'), '')
  await soon(run, 'the run')
})

test('test_proxy_terminate: a device whose backend has no peer can be ended', async () => {
  const control = new Pull()
  const [front, back] = [new Pull(), new Push()]
  const push = rack.connected(new Push(), await rack.bound(front, 'tcp'))
  await rack.bound(back, 'tcp')
  const steering = rack.connected(new Push(), await rack.bound(control, 'tcp'))
  const device = Device.streamer(front, back, { control })
  const run = device.run()
  await pushAll(push, numbered('m', 10))
  await steering.send('TERMINATE')
  await soon(run, 'the run')
  assert.is(device.statistics().front.received.messages, 0)
})

test('bridges transports: requesters on tcp, a replier on inproc in a worker thread', async () => {
  const { frontend, backend, dealer } = await queue('tcp', 'inproc')
  const worker = startWorker(new URL('./device-replier.ts', import.meta.url), backend)
  await soon(dealer.ready(), 'the replier in the worker thread')
  const requesters = numbered('r', 3).map(() => rack.connected(new Request(), frontend))
  const replies = await Promise.all(requesters.map((one, i) => request(one, `r${i}`)))
  assert.equal(
    replies,
    numbered('r', 3).map((name) => `${name} from thread ${worker.threadId}`),
  )
  await worker.terminate()
})

test('bridges transports: ipc to ws', async () => {
  const [front, back] = [new Pull(), new Push()]
  const push = rack.connected(new Push(), await rack.bound(front, 'ipc'))
  const pull = rack.connected(new Pull(), await rack.bound(back, 'ws'))
  rack.run(Device.streamer(front, back))
  await pushAll(push, numbered('m', 2000))
  assert.equal(await take(pull, 2000), numbered('m', 2000))
})

test.run()

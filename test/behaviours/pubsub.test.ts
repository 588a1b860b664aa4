// PUB and SUB as libzmq's tests describe them: bursts, noDrop, inverted matching, leaving.
import * as assert from 'uvu/assert'
import {
  Device,
  Publisher,
  Subscriber,
  type SubscriberOptions,
  XPublisher,
  type XPublisherOptions,
  XSubscriber,
} from '../../src/index.ts'
import { endpoint, numbered, type Scheme } from '../support/index.ts'
import { drain, fill, join, type Rig, SCHEMES, section, soon, take, takeAll, until } from './rig.ts'

const { test, over, run } = section('behaviours: PUB and SUB')

/** An XPUB and a SUB for everything, and the XPUB knows that. */
async function linked(
  rig: Rig,
  scheme: Scheme,
  pubOptions: XPublisherOptions = {},
  subOptions: SubscriberOptions = {},
): Promise<[XPublisher, Subscriber]> {
  const [pub, sub] = [rig.open(new XPublisher(pubOptions)), rig.open(new Subscriber(subOptions))]
  await rig.link(scheme, pub, sub)
  sub.subscribe()
  assert.is(await take(pub), '\x01')
  return [pub, sub]
}

over(
  SCHEMES,
  'test_xpub_nodrop: all that is accepted arrives, and nothing else',
  async (rig, scheme) => {
    const options = { sendHighWaterMark: 2000, noDrop: true, sendTimeout: 0 }
    const [pub, sub] = await linked(rig, scheme, options)
    assert.is(fill(pub, 1999), 1999)
    assert.equal(await takeAll(sub, 1999), numbered('m', 1999))
    const accepted = fill(pub, 100_000, 'n')
    assert.ok(accepted >= 1000 && accepted < 100_000, `${accepted}`)
    const got = takeAll(sub, accepted + 1)
    await until(() => pub.trySend('marker'))
    assert.equal(await got, [...numbered('n', accepted), 'marker'])
    assert.equal(pub.statistics().dropped, {})
  },
)

for (const burst of [100, 1000]) {
  over(
    SCHEMES,
    `test_hwm_pubsub: a burst of ${burst}, the mark set after connect`,
    async (rig, scheme) => {
      const [pub, sub] = await linked(rig, scheme)
      pub.sendHighWaterMark = burst
      for (const label of numbered('m', burst)) assert.ok(pub.trySend(label))
      assert.equal(await takeAll(sub, burst), numbered('m', burst))
      assert.equal(pub.statistics().dropped, {})
    },
  )
}

over(
  SCHEMES,
  'test_hwm_pubsub: noDrop, EAGAIN at least once and all 6000 received',
  async (rig, scheme) => {
    const [pub, sub] = await linked(rig, scheme, { noDrop: true, sendHighWaterMark: 2000 })
    let refused = 0
    const got: string[] = []
    for (const label of numbered('m', 6000)) {
      while (!pub.trySend(label)) {
        refused++
        got.push(await take(sub), ...drain(sub))
      }
    }
    assert.ok(refused > 0, 'never refused')
    assert.equal([...got, ...(await takeAll(sub, 6000 - got.length))], numbered('m', 6000))
  },
)

over(SCHEMES, 'test_hwm_pubsub: room comes back after reading', async (rig, scheme) => {
  const marks = 11_024
  const [pub, sub] = await linked(
    rig,
    scheme,
    { sendHighWaterMark: marks },
    { receiveHighWaterMark: marks },
  )
  for (const [name, count] of [
    ['first', 9999],
    ['second', 1100],
  ] as const) {
    assert.is(fill(pub, count, name), count)
    assert.equal(await takeAll(sub, count), numbered(name, count))
  }
  assert.equal(pub.statistics().dropped, {})
})

over(
  SCHEMES,
  'test_hwm_pubsub: without noDrop a slow subscriber misses messages, counted',
  async (rig, scheme) => {
    const [pub, sub] = await linked(
      rig,
      scheme,
      { sendHighWaterMark: 10 },
      { receiveHighWaterMark: 10 },
    )
    assert.is(fill(pub, 100), 100)
    const missed = pub.statistics().dropped.hwm as number
    assert.ok(missed > 0)
    assert.equal(await takeAll(sub, 100 - missed), numbered('m', 100 - missed))
    await pub.send('marker')
    assert.is(await take(sub), 'marker')
  },
)

over(SCHEMES, 'test_pub_invert_matching: those who do not match get it', async (rig, scheme) => {
  const pub = rig.open(new XPublisher({ invertMatching: true }))
  const subs = numbered('', 2).map(() => rig.open(new Subscriber({ invertMatching: true })))
  const [sub1, sub2] = subs as [Subscriber, Subscriber]
  await rig.link(scheme, pub, sub1, sub2)
  sub1.subscribe('t')
  assert.is(await take(pub), '\x01t')
  for (const prefix of ['p', 'y']) {
    sub2.subscribe(prefix)
    assert.is(await take(pub), `\x01${prefix}`)
  }
  await pub.send('tango') // only for sub2
  await pub.send('polka') // only for sub1
  await pub.send('waltz') // both
  assert.equal(await takeAll(sub1, 2), ['polka', 'waltz'])
  assert.equal(await takeAll(sub2, 2), ['tango', 'waltz'])
})

over(
  SCHEMES,
  'test_disconnect_inproc: after disconnect nothing is delivered',
  async (rig, scheme) => {
    const pub = rig.open(new XPublisher())
    const sub = rig.open(new Subscriber())
    await pub.bind(endpoint(scheme))
    const at = pub.lastEndpoint as string
    sub.subscribe('foo')
    const published: string[] = []
    for (const turn of numbered('', 3)) {
      await pub.send(`foo before ${turn}`) // nobody is there
      await join(pub, sub, at)
      assert.is(await take(pub), '\x01foo')
      await pub.send(`foo ${turn}`)
      published.push(await take(sub))
      sub.disconnect(at)
      assert.is(await take(pub), '\x00foo')
      await pub.send(`foo after ${turn}`)
    }
    assert.equal(published, ['foo 0', 'foo 1', 'foo 2'])
    assert.equal(drain(sub), [])
    assert.equal(pub.statistics().dropped, { 'no-peer': 6 })
  },
)

test('test_proxy_hwm: all that a blocked publisher had accepted arrives', async (rig) => {
  const marks = { sendHighWaterMark: 10, noDrop: true }
  const pub = rig.open(new XPublisher({ ...marks, sendTimeout: 0 }))
  const front = rig.open(new XSubscriber({ receiveHighWaterMark: 10 }))
  const back = rig.open(new XPublisher(marks))
  const sub = rig.open(new Subscriber({ receiveHighWaterMark: 10 }))
  await rig.link('inproc', front, pub)
  await rig.link('inproc', back, sub)
  const device = Device.forwarder(front, back)
  const running = device.run()
  sub.subscribe()
  assert.is(await take(pub), '\x01')
  let accepted = 0
  for (let idle = 0; idle < 10; ) {
    const taken = fill(pub, 10_000 - accepted, `${accepted}-`)
    accepted += taken
    idle = taken > 0 ? 0 : idle + 1
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(accepted >= 20 && accepted <= 41, `${accepted} accepted`)
  assert.is((await takeAll(sub, accepted)).length, accepted)
  assert.ok(pub.trySend('marker'))
  assert.is(await take(sub), 'marker')
  await device.stop()
  await soon(running, 'the device to end')
})

over(
  SCHEMES,
  'test_inproc_connect: a PUB that connects before the bind drops',
  async (rig, scheme) => {
    const seat = rig.open(new Subscriber())
    await seat.bind(endpoint(scheme))
    const at = seat.lastEndpoint as string
    await seat.close()
    const pub = rig.open(new Publisher({ reconnectInterval: 10 }))
    pub.connect(at)
    await pub.send('dropped')
    const sub = rig.open(new Subscriber())
    sub.subscribe()
    await sub.bind(at)
    await soon(pub.ready(), 'SUB to bind')
    await until(() => {
      pub.trySend('marker')
      return sub.readable
    })
    assert.is(await take(sub), 'marker')
  },
)

run()

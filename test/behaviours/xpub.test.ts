// XPUB and XSUB as libzmq's tests describe them: which subscriptions are shown, granting them by hand,
// long topics, user messages.
import * as assert from 'uvu/assert'
import { Publisher, Subscriber, XPublisher, XSubscriber } from '../../src/index.ts'
import { endpoint, numbered, once } from '../support/index.ts'
import { arrived, drain, join, type Rig, ready, SCHEMES, section, take, takeAll } from './rig.ts'

const { test, over, run } = section('behaviours: XPUB and XSUB')

const pair = (rig: Rig): [XPublisher, Subscriber, Subscriber] => [
  rig.open(new XPublisher()),
  rig.open(new Subscriber()),
  rig.open(new Subscriber()),
]

over(SCHEMES, 'test_sub_forward: a subscription crosses XPUB and XSUB', async (rig, scheme) => {
  const [front, back] = [rig.open(new XSubscriber()), rig.open(new XPublisher())]
  const [pub, sub] = [rig.open(new Publisher()), rig.open(new Subscriber())]
  await rig.link(scheme, front, pub)
  await rig.link(scheme, back, sub)
  sub.subscribe()
  const wish = await back.receive()
  assert.equal([...(wish[0] as Uint8Array)], [1])
  await front.send(wish)
  await published(pub, front) // an empty message
  await back.send('')
  assert.is(await take(sub), '')
})

/** Publishes empty messages until the first arrives at `to`. */
async function published(pub: Publisher, to: XSubscriber): Promise<void> {
  const first = take(to)
  while (pub.statistics().sent === (pub.statistics().dropped['no-peer'] ?? 0)) {
    await pub.send('')
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.is(await first, '')
}

over(SCHEMES, 'test_xpub_verbose: duplicates of one SUB', async (rig, scheme) => {
  const [pub, sub] = pair(rig)
  await rig.link(scheme, pub, sub)
  sub.subscribe('A', 'B')
  assert.equal(await takeAll(pub, 2), ['\x01A', '\x01B'])
  sub.subscribe('A', 'marker')
  assert.is(await take(pub), '\x01marker')
  pub.verbosity = 'allSubs'
  sub.subscribe('A')
  assert.is(await take(pub), '\x01A')
  for (const topic of ['A', 'B']) await pub.send(topic)
  assert.equal(await takeAll(sub, 2), ['A', 'B'])
})

test('test_xpub_verbose: duplicates of two SUBs', async (rig) => {
  const [pub, sub0, sub1] = pair(rig)
  await rig.link('inproc', pub, sub0, sub1)
  sub0.subscribe('A')
  assert.equal(drain(pub), ['\x01A'])
  sub1.subscribe('A')
  assert.equal(drain(pub), [])
  sub0.subscribe('B')
  assert.equal(drain(pub), ['\x01B'])
  pub.verbosity = 'allSubs'
  sub1.subscribe('A')
  assert.equal(drain(pub), ['\x01A'])
  for (const topic of ['A', 'B']) await pub.send(topic)
  assert.equal([drain(sub0), drain(sub1)], [['A', 'B'], ['A']])
  sub0.unsubscribe('A')
  assert.equal(drain(pub), [], 'allSubs shows only the last unsubscribe')
})

over(SCHEMES, 'test_xpub_verbose: n subscribes need n unsubscribes', async (rig, scheme) => {
  const [pub, sub] = pair(rig)
  await rig.link(scheme, pub, sub)
  sub.unsubscribe('A') // never subscribed: nothing is sent
  sub.subscribe('A', 'A')
  sub.unsubscribe('A')
  sub.subscribe('marker1')
  assert.equal(await takeAll(pub, 2), ['\x01A', '\x01marker1'])
  sub.unsubscribe('A', 'A', 'A')
  sub.subscribe('marker2')
  assert.equal(await takeAll(pub, 2), ['\x00A', '\x01marker2'])
  pub.verbosity = 'allSubsUnsubs'
  sub.subscribe('A')
  assert.is(await take(pub), '\x01A')
  await pub.send('A')
  assert.is(await take(sub), 'A')
  sub.unsubscribe('A', 'A')
  sub.subscribe('marker3')
  assert.equal(await takeAll(pub, 2), ['\x00A', '\x01marker3'])
})

test('test_xpub_verbose: each peer’s unsubscribe only with allSubsUnsubs', async (rig) => {
  const [pub, sub0, sub1] = pair(rig)
  await rig.link('inproc', pub, sub0, sub1)
  for (const sub of [sub0, sub1]) sub.subscribe('A')
  sub0.unsubscribe('A')
  assert.equal(drain(pub), ['\x01A'])
  sub1.unsubscribe('A')
  assert.equal(drain(pub), ['\x00A'])
  pub.verbosity = 'allSubsUnsubs'
  for (const sub of [sub0, sub1]) sub.subscribe('A')
  assert.equal(drain(pub), ['\x01A', '\x01A'])
  await pub.send('A')
  assert.equal([drain(sub0), drain(sub1)], [['A'], ['A']])
  sub1.unsubscribe('A')
  assert.equal(drain(pub), ['\x00A'])
  sub0.unsubscribe('A')
  assert.equal(drain(pub), ['\x00A'])
  sub1.unsubscribe('A')
  assert.equal(drain(pub), [], 'unmatched')
})

test('test_xpub_verbose: XSUB counts like SUB', async (rig) => {
  const [pub, sub] = [rig.open(new XPublisher()), rig.open(new XSubscriber())]
  await rig.link('inproc', pub, sub)
  for (const wish of ['\x01A', '\x01A', '\x00A']) await sub.send(wish)
  assert.equal(drain(pub), ['\x01A'])
  for (const wish of ['\x00A', '\x00A']) await sub.send(wish)
  assert.equal(drain(pub), ['\x00A'])
})

over(SCHEMES, 'test_xpub_topic: long topics survive subscribe and cancel', async (rig, scheme) => {
  const [pub, sub] = pair(rig)
  await rig.link(scheme, pub, sub)
  for (const size of [1, 245, 246, 254, 255, 256, 70_000]) {
    const topic = 'x'.repeat(size)
    sub.subscribe(topic)
    assert.is(await take(pub), `\x01${topic}`)
    await pub.send([topic, 'body'])
    assert.is(await take(sub), `${topic}|body`)
    sub.unsubscribe(topic)
    assert.is(await take(pub), `\x00${topic}`)
  }
})

const manual = (rig: Rig): XPublisher => rig.open(new XPublisher({ manual: true }))

over(
  SCHEMES,
  'test_xpub_manual: what is asked is shown, what is granted counts',
  async (rig, scheme) => {
    const [pub, sub] = [manual(rig), rig.open(new XSubscriber())]
    await rig.link(scheme, pub, sub)
    for (const [asks, grants] of [
      ['A', 'XA'],
      ['B', 'XB'],
    ] as const) {
      await sub.send(`\x01${asks}`)
      assert.is(await take(pub), `\x01${asks}`)
      pub.subscribe(grants)
    }
    for (const topic of ['A', 'B', 'XA', 'XB']) await pub.send(topic)
    assert.equal(await takeAll(sub, 2), ['XA', 'XB'])
    await sub.send('\x00A')
    assert.is(await take(pub), '\x00A')
    pub.unsubscribe('XA')
    for (const topic of ['XA', 'XB']) await pub.send(topic)
    assert.is(await take(sub), 'XB')
    await sub.close()
    assert.is(await take(pub), '\x00B', 'asked for, and gone with its peer')
    pub.unsubscribe('XB') // whom the message came from is there no more: nothing happens
    await pub.send('XB')
    assert.equal(pub.statistics().dropped, { 'no-peer': 4 })
  },
)

over(SCHEMES, 'test_xpub_manual: one unsubscribe per peer that goes', async (rig, scheme) => {
  const pub = manual(rig)
  const subs = [rig.open(new Subscriber()), rig.open(new Subscriber())]
  await rig.link(scheme, pub, ...subs)
  for (const sub of subs) {
    sub.subscribe('1')
    assert.is(await take(pub), '\x011')
    pub.subscribe('1')
  }
  await pub.send(['1', 'X'])
  for (const sub of subs) assert.is(await take(sub), '1|X')
  for (const sub of subs) {
    await sub.close()
    assert.is(await take(pub), '\x001')
  }
  await pub.send('1')
  assert.equal(pub.statistics().dropped, { 'no-peer': 1 })
})

test('test_xpub_manual: a grant goes to the peer whose request was read last', async (rig) => {
  const pub = manual(rig)
  const [sub1, sub2] = [rig.open(new Subscriber()), rig.open(new Subscriber())]
  await rig.link('inproc', pub, sub1, sub2)
  sub1.subscribe('1')
  sub2.subscribe('2')
  for (const topic of ['1', '2']) {
    assert.is(await take(pub), `\x01${topic}`)
    pub.subscribe(topic)
  }
  for (const topic of ['1', '2']) await pub.send(topic)
  assert.equal([drain(sub1), drain(sub2)], [['1'], ['2']])
})

over(SCHEMES, 'test_xpub_manual: grants vanish with their peer', async (rig, scheme) => {
  const [pub, sub] = [manual(rig), rig.open(new XSubscriber())]
  const at = await rig.link(scheme, pub, sub)
  await sub.send('\x01A')
  assert.is(await take(pub), '\x01A')
  pub.subscribe('XA')
  const left = once(pub, 'detach')
  await sub.close()
  await left
  assert.is(await take(pub), '\x00A')
  const next = rig.open(new XSubscriber())
  await join(pub, next, at)
  await next.send('\x01B')
  assert.is(await take(pub), '\x01B')
  pub.subscribe('XB')
  for (const topic of ['XA', 'XB']) await pub.send(topic)
  assert.equal([await take(next), drain(next)], ['XB', []])
})

over(SCHEMES, 'test_xpub_manual: user messages go upstream as they are', async (rig, scheme) => {
  const [pub, sub] = [rig.open(new XPublisher()), rig.open(new XSubscriber())]
  await rig.link(scheme, pub, sub)
  await sub.send('\x02A')
  assert.is(await take(pub), '\x02A')
  await sub.send(['\x02A', 'B'])
  assert.is(await take(pub), '\x02A|B')
  await sub.send(['\x03A', '\x01B']) // as with ONLY_FIRST_SUBSCRIBE: a later part is data
  assert.is(await take(pub), '\x03A|\x01B')
})

over(
  SCHEMES,
  'test_xpub_welcome_msg: each new subscriber that wants it gets it',
  async (rig, scheme) => {
    const pub = rig.open(new XPublisher({ welcomeMessage: 'W' }))
    await pub.bind(endpoint(scheme))
    for (const _ of numbered('', 2)) {
      const sub = rig.open(new Subscriber())
      sub.subscribe('W')
      sub.connect(pub.lastEndpoint as string)
      assert.is(await take(sub), 'W')
      sub.unsubscribe('W')
      await arrived(pub)
    }
    const other = rig.open(new Subscriber())
    other.subscribe('V')
    other.connect(pub.lastEndpoint as string)
    await ready(pub, 3)
    for (let wish = await take(pub); wish !== '\x01V'; wish = await take(pub));
    await pub.send('V')
    assert.is(await take(other), 'V', 'and no welcome before it')
  },
)

test('what subscribers sent and nobody received is counted when an XPUB closes', async (rig) => {
  const [xpub, xsub] = [rig.open(new XPublisher()), rig.open(new XSubscriber())]
  await rig.link('inproc', xpub, xsub)
  for (const label of ['\x01topic', ...numbered('up', 3)]) await xsub.send(label)
  assert.equal(await takeAll(xpub, 2), ['\x01topic', 'up0'])
  await xpub.close()
  assert.equal(xpub.statistics().dropped, { closed: 2 })
})

run()

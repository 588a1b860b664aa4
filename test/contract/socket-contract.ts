// REQ/REP, DEALER/ROUTER, PAIR and XPUB/XSUB over a transport: the same behaviour everywhere.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Dealer, Pair, Reply, Request, Router, XPublisher, XSubscriber } from '../../src/index.ts'
import { endpoint, numbered, once } from '../support/index.ts'
import { type Contract, codeOf, QUICK, Side, soon, take } from './side.ts'

export function socketContract({ name, scheme, peers }: Contract): void {
  const test = suite(`${name}: sockets`)
  const side = new Side(peers)
  test.after.each(() => side.closeAll())

  test('REQ and REP take turns, request by request', async () => {
    const req = side.keep(new Request(QUICK))
    const rep = side.peer('REP')
    req.connect(await rep.bind(endpoint(scheme)))
    for (const label of numbered('q', 20)) {
      await req.send([label, 'more'])
      assert.equal(await rep.receive(), [`${label}|more`])
      await rep.send(`re ${label}`)
      assert.equal(await take(req), [`re ${label}`])
    }
  })

  test('REQ asks its repliers in turn, and each answers its own', async () => {
    const req = side.keep(new Request(QUICK))
    const repliers = [side.peer('REP'), side.peer('REP'), side.peer('REP')]
    for (const replier of repliers) req.connect(await replier.bind(endpoint(scheme)))
    for (let i = 0; i < 6; i++) {
      await req.send(`q${i}`)
      const replier = repliers[i % 3]
      assert.equal(await replier?.receive(), [`q${i}`])
      await replier?.send(`a${i}`)
      assert.equal(await take(req), [`a${i}`])
    }
  })

  test('REP answers whoever asked, and a requester that has gone costs nothing', async () => {
    const rep = side.keep(new Reply(QUICK))
    await rep.bind(endpoint(scheme))
    const [quitter, stayer] = [side.peer('REQ', { linger: 0 }), side.peer('REQ')]
    await quitter.connect(rep.lastEndpoint as string)
    await quitter.send('first')
    assert.equal(await take(rep), ['first'])
    const gone = once(rep, 'detach')
    await quitter.close()
    await soon(gone, 'the requester to go')
    await rep.send('to nobody')
    assert.equal(rep.statistics().dropped, { 'no-peer': 1 })
    await stayer.connect(rep.lastEndpoint as string)
    await stayer.send('second')
    assert.equal(await take(rep), ['second'])
    await rep.send('answer')
    assert.equal(await stayer.receive(), ['answer'])
  })

  test('REQ and REP out of turn reject with EFSM at once', async () => {
    const [req, rep] = [side.keep(new Request(QUICK)), side.keep(new Reply(QUICK))]
    await rep.bind(endpoint(scheme))
    req.connect(rep.lastEndpoint as string)
    assert.is(await codeOf(req.receive()), 'EFSM')
    assert.is(await codeOf(rep.send('early')), 'EFSM')
    await req.send('q')
    assert.is(await codeOf(req.send('again')), 'EFSM')
    assert.equal(await take(rep), ['q'])
    assert.is(await codeOf(rep.receive()), 'EFSM')
  })

  test('ROUTER names its dealers and reaches each by its name', async () => {
    const router = side.keep(new Router({ ...QUICK, mandatory: true }))
    await router.bind(endpoint(scheme))
    const dealers = ['ann', 'bob'].map((routingId) => side.peer('DEALER', { routingId }))
    for (const dealer of dealers) {
      await dealer.connect(router.lastEndpoint as string)
      await dealer.sendFrames('hello', 'there')
    }
    assert.equal((await take(router, 2)).sort(), ['ann|hello|there', 'bob|hello|there'])
    await router.send(['bob', 'for bob'])
    await router.send(['ann', 'for ann', 'two'])
    assert.equal(await dealers[0]?.receive(), ['for ann|two'])
    assert.equal(await dealers[1]?.receive(), ['for bob'])
    assert.is(await codeOf(router.send(['carl', 'x'])), 'EHOSTUNREACH')
  })

  test('ROUTER makes up five-byte names, and drops and counts what it cannot route', async () => {
    const router = side.keep(new Router(QUICK))
    await router.bind(endpoint(scheme))
    const dealer = side.peer('DEALER')
    await dealer.connect(router.lastEndpoint as string)
    await dealer.send('x')
    const [id, body] = await soon(router.receive(), 'a message')
    assert.is(id?.byteLength, 5)
    assert.is(id?.[0], 0)
    assert.is(String(body), 'x')
    await router.send(['nobody', 'x'])
    assert.equal(router.statistics().dropped, { unroutable: 1 })
    await router.send([id as Uint8Array, 'back'])
    assert.equal(await dealer.receive(), ['back'])
  })

  test('a ROUTER that connects may name its peer and send before it is there', async () => {
    const router = side.keep(new Router({ ...QUICK, mandatory: true }))
    const dealer = side.peer('DEALER')
    const url = await dealer.bind(endpoint(scheme))
    router.connect(url, { routingId: 'mine' })
    await router.send(['mine', 'early'])
    assert.equal(await dealer.receive(), ['early'])
    await dealer.send('re')
    assert.equal(await take(router), ['mine|re'])
  })

  test('DEALER goes round and keeps order in both directions', async () => {
    const dealer = side.keep(new Dealer(QUICK))
    const others = [side.peer('DEALER'), side.peer('DEALER')]
    for (const other of others) dealer.connect(await other.bind(endpoint(scheme)))
    for (const label of numbered('m', 10)) await dealer.send(label)
    assert.equal(await others[0]?.receive(5), ['m0', 'm2', 'm4', 'm6', 'm8'])
    assert.equal(await others[1]?.receive(5), ['m1', 'm3', 'm5', 'm7', 'm9'])
    await others[0]?.send(...numbered('r', 50))
    assert.equal(await take(dealer, 50), numbered('r', 50))
  })

  test('PAIR talks both ways with its first peer and to no other', async () => {
    const pair = side.keep(new Pair(QUICK))
    await pair.bind(endpoint(scheme))
    const [first, second] = [side.peer('PAIR'), side.peer('PAIR', { reconnectInterval: -1 })]
    await first.connect(pair.lastEndpoint as string)
    await first.send('hello')
    assert.equal(await take(pair), ['hello'])
    const refused = await second.hears('detach')
    await second.connect(pair.lastEndpoint as string)
    await refused.happened
    await pair.send('still you')
    assert.equal(await first.receive(), ['still you'])
  })

  test('XPUB shows the first and the last of each subscription, and what comes upstream', async () => {
    const xpub = side.keep(new XPublisher(QUICK))
    await xpub.bind(endpoint(scheme))
    const subs = [side.peer('SUB'), side.peer('SUB')]
    for (const sub of subs) await sub.connect(xpub.lastEndpoint as string)
    await subs[0]?.subscribe('news')
    assert.equal(await take(xpub), ['\x01news'])
    await subs[1]?.subscribe('news', 'marker')
    assert.equal(await take(xpub), ['\x01marker'])
    await xpub.send('news!')
    for (const sub of subs) assert.equal(await sub.receive(), ['news!'])
    await subs[0]?.unsubscribe('news')
    await subs[0]?.subscribe('second marker')
    assert.equal(await take(xpub), ['\x01second marker'])
    await subs[1]?.unsubscribe('news')
    assert.equal(await take(xpub), ['\x00news'])
    await subs[1]?.close()
    assert.equal(await take(xpub), ['\x00marker'])
  })

  test('XSUB subscribes by message, gets what matches, and is heard upstream', async () => {
    const xsub = side.keep(new XSubscriber(QUICK))
    const xpub = side.peer('XPUB')
    xsub.connect(await xpub.bind(endpoint(scheme)))
    await soon(xsub.ready(), 'the publisher')
    await xsub.send('\x01a')
    assert.equal(await xpub.receive(), ['\x01a'])
    await xsub.send(['upstream', 'two'])
    assert.equal(await xpub.receive(), ['upstream|two'])
    await xpub.send('b', 'abc')
    assert.equal(await take(xsub), ['abc'])
    await xsub.send('\x00a')
    assert.equal(await xpub.receive(), ['\x00a'])
  })

  test.run()
}

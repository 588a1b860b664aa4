// REQ and REP as libzmq's tests describe them: turns, envelopes, who is asked and whose reply counts.
import * as assert from 'uvu/assert'
import { Dealer, Reply, Request, Router } from '../../src/index.ts'
import { endpoint, numbered, once } from '../support/index.ts'
import {
  arrived,
  drain,
  join,
  ready,
  rejects,
  SCHEMES,
  section,
  take,
  throws,
  until,
} from './rig.ts'

const { test, over, run } = section('behaviours: REQ and REP')

over(SCHEMES, 'test_spec_req: a bound REQ asks five REPs in turn', async (rig, scheme) => {
  const req = rig.open(new Request())
  const reps = numbered('', 5).map(() => rig.open(new Reply()))
  await rig.link(scheme, req, ...reps)
  for (const rep of [...reps, ...reps]) {
    await req.send('ABC')
    assert.is(await take(rep), 'ABC')
    await rep.send('DEF')
    assert.is(await take(req), 'DEF')
  }
})

over(SCHEMES, 'test_spec_req: a request is an empty frame and the parts', async (rig, scheme) => {
  const req = rig.open(new Request({ routingId: 'me' }))
  const router = rig.open(new Router())
  await rig.link(scheme, req, router)
  await req.send(['ABC', 'DEF'])
  assert.is(await take(router), 'me||ABC|DEF')
  await router.send(['me', '', 'GHI', 'JKL'])
  assert.is(await take(req), 'GHI|JKL')
})

over(SCHEMES, 'test_spec_req: without a peer EAGAIN at once, and in time', async (rig, scheme) => {
  const req = rig.open(new Request({ sendTimeout: 30 }))
  await req.bind(endpoint(scheme))
  assert.not(req.trySend('ABC'))
  assert.not(req.writable)
  const began = performance.now()
  await rejects(req.send('ABC'), 'EAGAIN')
  assert.ok(performance.now() - began >= 28)
})

test('test_spec_req: a reply of a peer that was not asked is ignored', async (rig) => {
  const req = rig.open(new Request({ routingId: 'me' }))
  const [asked, other] = [rig.open(new Router()), rig.open(new Router())]
  await rig.link('inproc', req, asked, other)
  await req.send('ABC')
  await other.send(['me', '', 'wrong'])
  await asked.send(['me', '', 'right'])
  assert.is(await take(req), 'right')
  assert.equal(req.statistics().dropped, { stale: 1 })
})

test('test_spec_req: turns out of order reject with EFSM at once', async (rig) => {
  const req = rig.open(new Request())
  const rep = rig.open(new Reply())
  await rig.link('inproc', rep, req)
  await rejects(req.receive(), 'EFSM')
  await rejects(rep.send('x'), 'EFSM')
  await req.send('ABC')
  await rejects(req.send('DEF'), 'EFSM')
  assert.is(await take(rep), 'ABC')
  throws(() => rep.tryReceive(), 'EFSM')
})

over(SCHEMES, 'test_spec_rep: the envelope is kept and put back', async (rig, scheme) => {
  const rep = rig.open(new Reply())
  const dealer = rig.open(new Dealer())
  await rig.link(scheme, rep, dealer)
  for (const addresses of [[], ['a'], ['a', 'bb', 'ccc']]) {
    await dealer.send([...addresses, '', 'body', '', 'end'])
    assert.is(await take(rep), 'body||end')
    await rep.send(['re', 'ply'])
    assert.is(await take(dealer), [...addresses, '', 're', 'ply'].join('|'))
  }
})

over(SCHEMES, 'test_spec_rep: the reply goes only to the asker', async (rig, scheme) => {
  const rep = rig.open(new Reply())
  const dealers = ['a', 'b', 'c'].map(() => rig.open(new Dealer()))
  await rig.link(scheme, rep, ...dealers)
  for (const [i, dealer] of dealers.entries()) {
    await dealer.send(['', `ask${i}`])
    assert.is(await take(rep), `ask${i}`)
    await rep.send(`reply${i}`)
    assert.is(await take(dealer), `|reply${i}`)
  }
  // each dealer asks once more and gets that reply next: none of the others' came before it
  for (const [i, dealer] of dealers.entries()) {
    await dealer.send(['', `more${i}`])
    await take(rep)
    await rep.send(`last${i}`)
    assert.equal([await take(dealer), drain(dealer)], [`|last${i}`, []])
  }
})

over(SCHEMES, 'test_req_relaxed: a second send goes to the next peer', async (rig, scheme) => {
  const req = rig.open(new Request({ relaxed: true, correlate: true }))
  const reps = numbered('', 5).map(() => rig.open(new Reply()))
  const [r0, r1, r2, r3, r4] = reps as [Reply, Reply, Reply, Reply, Reply]
  await rig.link(scheme, req, ...reps)
  await req.send(['A', 'B'])
  assert.is(await take(r0), 'A|B')
  assert.ok(req.writable, 'still writable after a send')
  await req.send(['C', 'D'])
  assert.is(await take(r1), 'C|D')
  await r0.send('WRONG') // the late reply to the first request
  await r1.send('OK')
  assert.is(await take(req), 'OK')

  await req.send('E')
  assert.is(await take(r2), 'E')
  await r2.send(['F', 'G'])
  assert.is(await take(req), 'F|G')

  await req.send('H')
  assert.is(await take(r3), 'H')
  await r3.send('BAD') // is there already when the next request goes out
  await arrived(req)
  await req.send('I')
  assert.is(await take(r4), 'I')
  await r4.send('GOOD')
  assert.is(await take(req), 'GOOD')

  await req.send('J') // sending again has closed no pipe: the round starts anew
  assert.is(await take(r0), 'J')
  await r0.send('K')
  assert.is(await take(req), 'K')
  assert.is(req.peers.length, 5)
  await until(() => (req.statistics().dropped.stale ?? 0) === 2)
})

over(
  SCHEMES,
  'test_req_relaxed: of requests queued before any server the last counts',
  async (rig, scheme) => {
    const seat = rig.open(new Reply())
    await seat.bind(endpoint(scheme))
    const at = seat.lastEndpoint as string
    await seat.close()
    const req = rig.open(new Request({ relaxed: true, correlate: true, reconnectInterval: 10 }))
    req.connect(at)
    await req.send('TO_BE_DISCARDED')
    await req.send('TO_BE_ANSWERED')
    const rep = rig.open(new Reply())
    await rep.bind(at)
    for (const text of ['TO_BE_DISCARDED', 'TO_BE_ANSWERED']) {
      assert.is(await take(rep), text)
      await rep.send(`REPLY ${text}`)
    }
    assert.is(await take(req), 'REPLY TO_BE_ANSWERED')
  },
)

over(SCHEMES, 'test_req_correlate: only the reply with the number counts', async (rig, scheme) => {
  const req = rig.open(new Request({ correlate: true, routingId: 'me' }))
  const router = rig.open(new Router())
  await rig.link(scheme, req, router)
  await req.send(['ABC', 'DEF'])
  const [id, number, delimiter, ...body] = await router.receive()
  assert.equal([id?.toString(), number?.byteLength, delimiter?.byteLength], ['me', 4, 0])
  assert.equal(body.map(String), ['ABC', 'DEF'])
  const other = Uint8Array.from(number as Uint8Array, (byte) => byte ^ 0xff)
  await router.send(['me', other, '', 'DATA'])
  await router.send(['me', number as Uint8Array, '', 'GHI'])
  assert.is(await take(req), 'GHI')
})

over(
  SCHEMES,
  'test_invalid_rep: a reply without delimiter or body is ignored',
  async (rig, scheme) => {
    const router = rig.open(new Router())
    const req = rig.open(new Request({ routingId: 'me' }))
    await rig.link(scheme, router, req)
    await req.send('r')
    assert.is(await take(router), 'me||r')
    await router.send(['me']) // nothing but the id
    await router.send(['me', '', 'b'])
    assert.is(await take(req), 'b')
    await req.send('r')
    await take(router)
    if (scheme === 'inproc') await router.send(['me', 'no delimiter'])
    await router.send(['me', '', 'c'])
    assert.is(await take(req), 'c')
  },
)

over(
  SCHEMES,
  'test_reqrep_device: ROUTER and DEALER forward envelopes by hand',
  async (rig, scheme) => {
    const [front, back] = [rig.open(new Router()), rig.open(new Dealer())]
    const [req, rep] = [rig.open(new Request({ routingId: 'me' })), rig.open(new Reply())]
    await rig.link(scheme, front, req)
    await rig.link(scheme, back, rep)
    await req.send(['ABC', 'DEF'])
    const asked = await front.receive()
    assert.equal(asked.map(String), ['me', '', 'ABC', 'DEF'])
    await back.send(asked)
    assert.is(await take(rep), 'ABC|DEF')
    await rep.send(['GHI', 'JKL'])
    const answer = await back.receive()
    assert.equal(answer.map(String), ['me', '', 'GHI', 'JKL'])
    await front.send(answer)
    assert.is(await take(req), 'GHI|JKL')
  },
)

over(SCHEMES, 'test_reqrep_inproc, _ipc, _tcp: round trips', async (rig, scheme) => {
  const [rep, req] = [rig.open(new Reply()), rig.open(new Request())]
  await rig.link(scheme, rep, req)
  for (const text of numbered('request', 3)) {
    await req.send(text)
    assert.is(await take(rep), text)
    await rep.send(`${text} done`)
    assert.is(await take(req), `${text} done`)
  }
})

over(
  SCHEMES,
  'test_reqrep_tcp: one client of three servers asks each in turn',
  async (rig, scheme) => {
    const req = rig.open(new Request())
    const reps = numbered('', 3).map(() => rig.open(new Reply()))
    for (const rep of reps) await rig.link(scheme, rep, req)
    for (const rep of [...reps, ...reps]) {
      await req.send('ABC')
      assert.is(await take(rep), 'ABC')
      await rep.send('DEF')
      assert.is(await take(req), 'DEF')
    }
  },
)

over(SCHEMES, 'test_reqrep_ipc: replying to a requester that has gone', async (rig, scheme) => {
  const rep = rig.open(new Reply())
  const gone = rig.open(new Request({ linger: 0 }))
  const at = await rig.link(scheme, rep, gone)
  await gone.send('ABC')
  assert.is(await take(rep), 'ABC')
  const left = once(rep, 'detach')
  await gone.close()
  await left
  await rep.send('nobody hears')
  assert.equal(rep.statistics().dropped, { 'no-peer': 1 })
  const next = rig.open(new Request())
  await join(rep, next, at)
  await next.send('DEF')
  assert.is(await take(rep), 'DEF')
  await rep.send('GHI')
  assert.is(await take(next), 'GHI')
  await ready(rep)
})

run()

// Closing while the way to the peer is slow, or while the peer still writes: all that was accepted arrives.

import * as assert from 'uvu/assert'
import { nextTurn } from '../../src/core/loop.ts'
import { Dealer, Pull, Push } from '../../src/index.ts'
import { endpoint } from '../support/index.ts'
import { portOf } from '../support/raw.ts'
import { relay } from '../support/relay.ts'
import { section, soon } from './rig.ts'

const { over, run } = section('behaviours: close over a slow link')

const COUNT = 6000
const BODY = 'x'.repeat(1000)

over(['tcp', 'ws'], 'close with linger -1 loses nothing', async (rig, scheme) => {
  const pull = rig.open(new Pull())
  await pull.bind(`${scheme}://127.0.0.1:*`)
  const link = await relay(portOf(pull.lastEndpoint as string), 64 * 1024, 50)
  rig.later(() => link.close())
  const push = rig.open(new Push({ sendHighWaterMark: 0 }))
  push.connect(`${scheme}://127.0.0.1:${link.port}`)
  for (let i = 0; i < COUNT; i++) await push.send(`${i} ${BODY}`)
  const closed = push.close()
  for (let i = 0; i < COUNT; i++) {
    const [frame] = await soon(pull.receive(), `message ${i}`)
    if (!String(frame).startsWith(`${i} `)) assert.unreachable(`${frame} came as number ${i}`)
  }
  await soon(closed, 'close')
  assert.equal(push.statistics().dropped, {})
})

over(
  ['ipc', 'zmtp', 'tcp', 'ws'],
  'close with linger -1 loses nothing while the peer, which reads slowly, writes',
  async (rig, scheme) => {
    const peer = rig.open(new Dealer({ receiveHighWaterMark: 5, sendHighWaterMark: 50 }))
    await peer.bind(endpoint(scheme))
    const dealer = rig.open(new Dealer({ sendHighWaterMark: 0, receiveHighWaterMark: 5 }))
    dealer.connect(peer.lastEndpoint as string)
    await soon(Promise.all([dealer.ready(), peer.ready()]), 'both ends')
    for (let i = 0; i < COUNT / 2; i++) dealer.trySend(`${i} ${BODY}${BODY}${BODY}`)
    const closed = dealer.close()
    for (let i = 0; i < COUNT / 2; i++) {
      peer.trySend(BODY)
      const [frame] = await soon(peer.receive(), `message ${i}`)
      if (!String(frame).startsWith(`${i} `)) assert.unreachable(`${frame} came as number ${i}`)
      if (i % 8 === 0) await nextTurn()
    }
    await soon(closed, 'close')
    assert.equal(dealer.statistics().dropped, {})
  },
)

run()

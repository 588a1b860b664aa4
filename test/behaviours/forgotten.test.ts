// Peers that went are forgotten: a bound socket that lives long keeps nothing of those that came and left.
import { suite } from 'uvu'
import type { Socket } from '../../src/core/socket.ts'
import * as zmq from '../../src/index.ts'
import { collectGarbage } from '../support/garbage.ts'
import { once, until } from '../support/index.ts'
import { Rack } from '../support/rack.ts'

const PEERS = 5
const LIMIT_MS = 5000

/** Who binds, and who comes and goes. */
const PAIRS: readonly (readonly [new () => Socket, new () => Socket])[] = [
  [zmq.Push, zmq.Pull],
  [zmq.Pull, zmq.Push],
  [zmq.Publisher, zmq.Subscriber],
  [zmq.Subscriber, zmq.Publisher],
  [zmq.XPublisher, zmq.XSubscriber],
  [zmq.XSubscriber, zmq.XPublisher],
  [zmq.Request, zmq.Reply],
  [zmq.Reply, zmq.Request],
  [zmq.Dealer, zmq.Router],
  [zmq.Router, zmq.Dealer],
  [zmq.Pair, zmq.Pair],
  [zmq.Server, zmq.Client],
  [zmq.Client, zmq.Server],
  [zmq.Radio, zmq.Dish],
  [zmq.Dish, zmq.Radio],
  [zmq.Scatter, zmq.Gather],
  [zmq.Gather, zmq.Scatter],
  [zmq.Peer, zmq.Peer],
  [zmq.Channel, zmq.Channel],
]

/** One peer comes and goes; nothing here holds on to it. */
async function visit(bound: Socket, Visitor: new () => Socket): Promise<WeakRef<object>> {
  const [came, went] = [once(bound, 'attach'), once(bound, 'detach')]
  const visitor = new Visitor()
  visitor.connect(bound.lastEndpoint as string)
  const { peer } = await came
  await visitor.close()
  await went
  return new WeakRef(peer)
}

for (const scheme of ['inproc', 'ipc'] as const) {
  const test = suite(`behaviours: forgotten peers, ${scheme}`)
  const rack = new Rack()
  test.after.each(() => rack.clear())

  for (const [Bound, Visitor] of PAIRS) {
    test(`a bound ${Bound.name} forgets each ${Visitor.name} that went`, async () => {
      const bound = new Bound()
      await rack.bound(bound, scheme)
      if (bound instanceof zmq.Subscriber) bound.subscribe('a', 'b')
      const visitors: WeakRef<object>[] = []
      for (let n = 0; n < PEERS; n++) visitors.push(await visit(bound, Visitor))
      const areGone = (): boolean => {
        collectGarbage()
        return visitors.every((peer) => peer.deref() === undefined)
      }
      await until(areGone, 'nobody remembers them', LIMIT_MS)
    })
  }

  test.run()
}

// Either side goes away and comes back, killed or closed: what was sent meanwhile arrives, in order.
import * as assert from 'uvu/assert'
import type { SocketType } from '../../src/core/socket-type.ts'
import type { Pull } from '../../src/index.ts'
import { once } from '../support/index.ts'
import type { Way } from './addresses.ts'
import { numbered, shown } from './frames.ts'
import type { OurSide } from './our-side.ts'
import { countBodies } from './senders.ts'
import { play, type Stage } from './stage.ts'

const WAYS: readonly Way[] = ['ipc', 'zmtp', 'tcp', 'ws']
const LIBRARIES = ['pyzmq', 'zeromq'] as const
const QUICK = { reconnectInterval: 20 }
const { with: over, run } = play('reconnect')

const COUNT = 100
const SIZE = 200

/** The messages that are on their way while the other side is away, `COUNT` of them after `from`. */
function sendAway(ours: OurSide, from: number): Promise<unknown> {
  const all = Array.from({ length: COUNT }, (_, i) => ours.send(numbered('we', from + i, SIZE)))
  return Promise.all(all)
}

async function bodies({ socket }: OurSide, count: number): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  while (all.length < count) all.push((await (socket as Pull).receive()).at(-1) as Uint8Array)
  return all
}

const inOrder = (name: string, first: number): object => ({
  [name]: { count: COUNT, first, ordered: true },
})

/** We connect and send, their bound socket is killed, its successor gets what was sent meanwhile. */
async function theirBind(stage: Stage, ourType: SocketType, theirType: SocketType): Promise<void> {
  const ours = stage.ours(ourType)
  const process = await stage.process()
  const first = await process.open(theirType)
  const at = await stage.bindTheirs(first)
  ours.socket.connect(at)
  await sendAway(ours, 0)
  assert.equal(await first.receiveBulk(COUNT), inOrder('we', 0))
  await Promise.all([once(ours.socket, 'disconnect'), process.kill()])
  await sendAway(ours, COUNT)
  const second = await stage.theirs(theirType)
  await stage.bindTheirs(second, at)
  assert.equal(await second.receiveBulk(COUNT), inOrder('we', COUNT))
}

/** We are bound and send; their connecting process is killed, and another one comes. */
async function theirConnect(stage: Stage, ourType: SocketType, theirType: SocketType) {
  const ours = stage.ours(ourType)
  const at = await stage.bindOurs(ours)
  const process = await stage.process()
  const first = await process.open(theirType)
  await first.connect(at)
  await sendAway(ours, 0)
  assert.equal(await first.receiveBulk(COUNT), inOrder('we', 0))
  await Promise.all([once(ours.socket, 'disconnect'), process.kill()])
  const sending = sendAway(ours, COUNT) // waits for a peer: nobody is there
  const second = await stage.theirs(theirType)
  await second.connect(at)
  assert.equal(await second.receiveBulk(COUNT), inOrder('we', COUNT))
  await sending
}

/** They connect and send, our bound socket is closed, its successor gets what was sent meanwhile. */
async function ourBind(stage: Stage, ourType: SocketType, theirType: SocketType): Promise<void> {
  const first = stage.ours(ourType)
  const at = await stage.bindOurs(first)
  const theirs = await stage.theirs(theirType, QUICK)
  await theirs.connect(at)
  await theirs.sendBulk({ name: 'they', count: COUNT, size: SIZE })
  assert.equal(countBodies(await bodies(first, COUNT)), inOrder('they', 0))
  await first.socket.close()
  await theirs.event('disconnect')
  await theirs.sendBulk({ name: 'they', from: COUNT, count: COUNT, size: SIZE })
  const second = stage.ours(ourType)
  await stage.bindOurs(second, at)
  assert.equal(countBodies(await bodies(second, COUNT)), inOrder('they', COUNT))
}

/** They are bound and send; our connecting socket is closed, and another one comes. */
async function ourConnect(stage: Stage, ourType: SocketType, theirType: SocketType): Promise<void> {
  const first = stage.ours(ourType)
  const theirs = await stage.theirs(theirType)
  const at = await stage.bindTheirs(theirs)
  first.socket.connect(at)
  await theirs.sendBulk({ name: 'they', count: COUNT, size: SIZE })
  assert.equal(countBodies(await bodies(first, COUNT)), inOrder('they', 0))
  await first.socket.close()
  await theirs.event('disconnect')
  const sending = theirs.sendBulk({ name: 'they', from: COUNT, count: COUNT, size: SIZE })
  const second = stage.ours(ourType)
  second.socket.connect(at)
  assert.equal(countBodies(await bodies(second, COUNT)), inOrder('they', COUNT))
  await sending
}

for (const [sender, receiver] of [
  ['PUSH', 'PULL'],
  ['DEALER', 'ROUTER'],
] as const) {
  const titled = (text: string): string => text.replace('A', sender).replace('B', receiver)
  over(LIBRARIES, WAYS, titled('our A connects, their B is killed'), (stage) =>
    theirBind(stage, sender, receiver),
  )
  over(LIBRARIES, WAYS, titled('our A is bound, their B is killed'), (stage) =>
    theirConnect(stage, sender, receiver),
  )
  over(LIBRARIES, WAYS, titled('their A connects, our B is closed'), (stage) =>
    ourBind(stage, receiver, sender),
  )
  over(LIBRARIES, WAYS, titled('their A is bound, our B is closed'), (stage) =>
    ourConnect(stage, receiver, sender),
  )
}

over(LIBRARIES, WAYS, 'our REQ asks a REP that is away', async (stage) => {
  const ours = stage.ours('REQ')
  const process = await stage.process()
  const first = await process.open('REP')
  const at = await stage.bindTheirs(first)
  ours.socket.connect(at)
  await Promise.all([first.echo(), ours.send('one')])
  assert.equal(await ours.receive(), shown(['one']))
  await Promise.all([once(ours.socket, 'disconnect'), process.kill()])
  await ours.send('two')
  const second = await stage.theirs('REP')
  await stage.bindTheirs(second, at)
  await second.echo()
  assert.equal(await ours.receive(), shown(['two']))
})

over(LIBRARIES, WAYS, 'their REQ asks our REP that is away', async (stage) => {
  const first = stage.ours('REP')
  const at = await stage.bindOurs(first)
  const theirs = await stage.theirs('REQ', QUICK)
  await theirs.connect(at)
  await Promise.all([theirs.send('one'), first.echo()])
  assert.equal(await theirs.receive(), [shown(['one'])])
  await first.socket.close()
  await theirs.event('disconnect')
  await theirs.send('two')
  const second = stage.ours('REP')
  await stage.bindOurs(second, at)
  await second.echo()
  assert.equal(await theirs.receive(), [shown(['two'])])
})

await run()

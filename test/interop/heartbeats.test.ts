// Heartbeats with libzmq: a frozen peer is found out by either side, a live one is not, and the time
// to live that comes with a PING is kept.
import * as assert from 'uvu/assert'
import { once } from '../support/index.ts'
import { ours as asOurs, forThem, type Way } from './addresses.ts'
import { shown } from './frames.ts'
import { play } from './stage.ts'

const STREAMS: readonly Way[] = ['ipc', 'zmtp', 'tcp']
const WAYS: readonly Way[] = [...STREAMS, 'ws']
const LIBRARIES = ['zeromq', 'pyzmq'] as const
const { with: over, run } = play('heartbeats')

const BEATS = { heartbeatInterval: 100, heartbeatTimeout: 300 }
const QUICK = { reconnectInterval: 20 }

/** Nothing of ours runs for that long. */
function freezeUs(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

over(LIBRARIES, WAYS, 'we find out a frozen peer, and find it again', async (stage) => {
  const process = await stage.process()
  const theirs = await process.open('PULL')
  const ours = stage.ours('PUSH', BEATS)
  ours.socket.connect(await stage.bindTheirs(theirs))
  await ours.send('before')
  assert.equal(await theirs.receive(), [shown(['before'])])
  const [lost, retry] = [once(ours.socket, 'disconnect'), once(ours.socket, 'connect:retry')]
  process.freeze()
  assert.is((await lost).error?.code, 'ETIMEDOUT')
  await retry
  const back = once(ours.socket, 'handshake')
  process.thaw()
  await back
  await ours.send('after')
  assert.equal(await theirs.receive(), [shown(['after'])])
})

over(LIBRARIES, WAYS, 'bound, we find out a frozen peer', async (stage) => {
  const process = await stage.process()
  const theirs = await process.open('PUSH', QUICK)
  const ours = stage.ours('PULL', BEATS)
  await theirs.connect(await stage.bindOurs(ours))
  await ours.socket.ready()
  const lost = once(ours.socket, 'disconnect')
  process.freeze()
  assert.is((await lost).error?.code, 'ETIMEDOUT')
  process.thaw()
  await theirs.event('disconnect')
  await theirs.send('after')
  assert.equal(await ours.receive(), shown(['after']))
})

over(LIBRARIES, STREAMS, 'their time to live ends a connection we do not watch', async (stage) => {
  const process = await stage.process()
  const theirs = await process.open('PUSH', { ...QUICK, ...BEATS, heartbeatTimeToLive: 300 })
  const ours = stage.ours('PULL')
  const relay = await stage.relay(await stage.bindOurs(ours))
  await theirs.connect(relay.endpoint)
  await theirs.send('a')
  assert.equal(await ours.receive(), shown(['a']))
  await relay.answers(2)
  const lost = once(ours.socket, 'disconnect')
  process.freeze()
  assert.is((await lost).error?.code, 'ETIMEDOUT')
})

over(LIBRARIES, WAYS, 'we answer their heartbeats', async (stage) => {
  const theirs = await stage.theirs('PUSH', BEATS)
  const ours = stage.ours('PULL')
  const relay = await stage.relay(await stage.bindOurs(ours))
  await theirs.connect(relay.endpoint)
  await theirs.send('before')
  assert.equal(await ours.receive(), shown(['before']))
  await relay.answers(8) // more than twice what it takes to find us dead
  await theirs.send('after')
  assert.equal(await ours.receive(), shown(['after']))
  assert.not((await theirs.events()).includes('disconnect'))
})

over(LIBRARIES, WAYS, 'they answer our heartbeats', async (stage) => {
  const theirs = await stage.theirs('PULL')
  const ours = stage.ours('PUSH', BEATS)
  const bound = await theirs.bind(forThem(stage.way))
  const relay = await stage.relay(bound)
  let lost = 0
  ours.socket.events.on('disconnect', () => lost++)
  ours.socket.connect(asOurs(stage.way, relay.endpoint))
  await ours.send('before')
  assert.equal(await theirs.receive(), [shown(['before'])])
  await relay.answers(8)
  await ours.send('after')
  assert.equal(await theirs.receive(), [shown(['after'])])
  assert.is(lost, 0)
})

over(LIBRARIES, WAYS, 'they find us frozen, and find us again', async (stage) => {
  const theirs = await stage.theirs('PULL', BEATS)
  const ours = stage.ours('PUSH')
  ours.socket.connect(await stage.bindTheirs(theirs))
  await ours.socket.ready()
  await theirs.event('handshake')
  const lost = once(ours.socket, 'disconnect')
  freezeUs(1000)
  await Promise.all([lost, theirs.event('disconnect')])
  await ours.send('after')
  assert.equal(await theirs.receive(), [shown(['after'])])
})

over(LIBRARIES, STREAMS, 'they keep the time to live that we send', async (stage) => {
  const theirs = await stage.theirs('PULL')
  const ours = stage.ours('PUSH', { ...BEATS, heartbeatTimeToLive: 300 })
  const relay = await stage.relay(await theirs.bind(forThem(stage.way)))
  ours.socket.connect(asOurs(stage.way, relay.endpoint))
  await Promise.all([ours.socket.ready(), theirs.event('handshake')])
  await relay.answers(2)
  freezeUs(1000)
  await theirs.event('disconnect')
})

await run()

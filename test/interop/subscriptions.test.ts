// Subscriptions and cancels with libzmq: counted, told again after a reconnect, whatever their length.
import * as assert from 'uvu/assert'
import type { Subscriber } from '../../src/index.ts'
import { once } from '../support/index.ts'
import type { Way } from './addresses.ts'
import { shown } from './frames.ts'
import type { OurSide } from './our-side.ts'
import { play, type Stage } from './stage.ts'

const WAYS: readonly Way[] = ['ipc', 'zmtp', 'tcp', 'ws']
const { with: over, run } = play('subscriptions')

const sub = ({ socket }: OurSide): Subscriber => socket as Subscriber
const on = (prefix: string): string[] => shown([`\x01${prefix}`])
const off = (prefix: string): string[] => shown([`\x00${prefix}`])

over(['zeromq', 'pyzmq'], WAYS, 'their SUB counts, our XPUB hears both ends', async (stage) => {
  const xpub = stage.ours('XPUB')
  const theirs = await stage.theirs('SUB')
  await theirs.connect(await stage.bindOurs(xpub))
  await theirs.subscribe('a', 'a', 'b')
  assert.equal([await xpub.receive(), await xpub.receive()], [on('a'), on('b')])
  await theirs.unsubscribe('a')
  await xpub.send('a still')
  assert.equal(await theirs.receive(), [shown(['a still'])])
  await theirs.unsubscribe('a')
  assert.equal(await xpub.receive(), off('a'))
  for (const message of ['a gone', 'c never', 'b stays']) await xpub.send(message)
  assert.equal(await theirs.receive(), [shown(['b stays'])])
  await theirs.close()
  assert.equal(await xpub.receive(), off('b'), 'and of a peer that left')
})

over(['zeromq', 'pyzmq'], WAYS, 'our SUB counts, their XPUB hears both ends', async (stage) => {
  const xpub = await stage.theirs('XPUB')
  const ours = stage.ours('SUB')
  ours.socket.connect(await stage.bindTheirs(xpub))
  sub(ours).subscribe('a', 'a', 'b')
  assert.equal(await xpub.receive(2), [on('a'), on('b')])
  sub(ours).unsubscribe('a')
  await xpub.send('a still')
  assert.equal(await ours.receive(), shown(['a still']))
  sub(ours).unsubscribe('a')
  assert.equal(await xpub.receive(), [off('a')])
  for (const message of ['a gone', 'c never', 'b stays']) await xpub.send(message)
  assert.equal(await ours.receive(), shown(['b stays']))
  await ours.socket.close()
  assert.equal(await xpub.receive(), [off('b')], 'and of a peer that left')
})

// Not libzmq 4.3.4: it garbles the subscription to a prefix of 246 to 255 bytes.
over(['zeromq'], WAYS, 'prefixes of 0, 245 to 256 and 70000 bytes, either way', async (stage) => {
  const prefixes = ['', ...[245, 246, 247, 254, 255, 256, 70_000].map((n) => 'p'.repeat(n))]
  const expected = prefixes.map(on)
  const ourXpub = stage.ours('XPUB')
  const theirSub = await stage.theirs('SUB')
  await theirSub.connect(await stage.bindOurs(ourXpub))
  await theirSub.subscribe(...prefixes)
  for (const one of expected) assert.equal(await ourXpub.receive(), one)
  const theirXpub = await stage.theirs('XPUB')
  const ourSub = stage.ours('SUB')
  ourSub.socket.connect(await stage.bindTheirs(theirXpub))
  sub(ourSub).subscribe(...prefixes)
  assert.equal(await theirXpub.receive(prefixes.length), expected)
})

over(['pyzmq', 'zeromq'], WAYS, 'our SUB subscribes again when they are back', async (stage) => {
  const ours = stage.ours('SUB')
  const process = await stage.process()
  const first = await process.open('XPUB')
  const at = await stage.bindTheirs(first)
  ours.socket.connect(at)
  sub(ours).subscribe('a', 'b', 'a')
  assert.equal(await first.receive(2), [on('a'), on('b')])
  await Promise.all([once(ours.socket, 'disconnect'), process.kill()])
  sub(ours).unsubscribe('b')
  const second = await stage.theirs('XPUB')
  await stage.bindTheirs(second, at)
  assert.equal(await second.receive(), [on('a')])
  await second.send('a again')
  assert.equal(await ours.receive(), shown(['a again']))
  sub(ours).subscribe('c')
  assert.equal(await second.receive(), [on('c')], 'and nothing else before')
})

over(['pyzmq', 'zeromq'], WAYS, 'their SUB subscribes again when we are back', async (stage) => {
  const first = stage.ours('XPUB')
  const theirs = await stage.theirs('SUB', { reconnectInterval: 20 })
  const at = await stage.bindOurs(first)
  await theirs.connect(at)
  await theirs.subscribe('a')
  assert.equal(await first.receive(), on('a'))
  await first.socket.close()
  await theirs.event('disconnect')
  const received = theirs.receive() // libzmq subscribes again while its application is in a call
  const second = stage.ours('XPUB')
  await stage.bindOurs(second, at)
  assert.equal(await second.receive(), on('a'))
  await second.send('a again')
  assert.equal(await received, [shown(['a again'])])
})

async function upstream(stage: Stage): Promise<void> {
  const ourXpub = stage.ours('XPUB')
  const theirXsub = await stage.theirs('XSUB')
  await theirXsub.connect(await stage.bindOurs(ourXpub))
  await theirXsub.send('\x01a')
  await theirXsub.send('up')
  assert.equal(await ourXpub.receive(), on('a'))
  assert.equal(await ourXpub.receive(), shown(['up']))
  const theirXpub = await stage.theirs('XPUB')
  const ourXsub = stage.ours('XSUB')
  ourXsub.socket.connect(await stage.bindTheirs(theirXpub))
  await ourXsub.socket.ready()
  await ourXsub.send('\x01a')
  await ourXsub.send('up')
  assert.equal(await theirXpub.receive(2), [on('a'), shown(['up'])])
}

over(['zeromq', 'pyzmq'], WAYS, 'an XSUB sends upstream, either way', upstream)

await run()

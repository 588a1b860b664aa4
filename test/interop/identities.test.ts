// Routing ids in both directions: the peer's own, those made up, those we give it, and who replaces whom.
import * as assert from 'uvu/assert'
import type { Router } from '../../src/index.ts'
import { once } from '../support/index.ts'
import type { Way } from './addresses.ts'
import { bytesOf, shown } from './frames.ts'
import { play } from './stage.ts'

const WAYS: readonly Way[] = ['ipc', 'zmtp', 'tcp', 'ws']
const LIBRARIES = ['zeromq', 'pyzmq'] as const
const { with: over, run } = play('routing ids')

const LONGEST = 'i'.repeat(255)
const text = (frame: Uint8Array): string => Buffer.from(frame).toString()

for (const type of ['DEALER', 'REQ'] as const) {
  over(LIBRARIES, WAYS, `their ROUTER knows our ${type} by its routing id`, async (stage) => {
    const router = await stage.theirs('ROUTER')
    const at = await stage.bindTheirs(router)
    for (const routingId of ['ours', LONGEST]) {
      const ours = stage.ours(type, { routingId })
      ours.socket.connect(at)
      await Promise.all([ours.send('hello'), router.echo()])
      assert.equal(await ours.receive(), shown(['hello']))
      await ours.send('again')
      const [seenId] = (await router.receive())[0] as [string]
      assert.equal([seenId], shown([routingId]))
    }
  })

  over(LIBRARIES, WAYS, `our ROUTER knows their ${type} by its routing id`, async (stage) => {
    const router = stage.ours('ROUTER')
    const at = await stage.bindOurs(router)
    for (const routingId of ['theirs', LONGEST]) {
      const met = once(router.socket, 'attach')
      const theirs = await stage.theirs(type, { routingId })
      await theirs.connect(at)
      assert.is(text((await met).peer.routingId), routingId)
      await theirs.send('hello')
      const [seenId] = (await router.receive()) as [string]
      assert.equal([seenId], shown([routingId]))
      await router.send(routingId, ...(type === 'REQ' ? [''] : []), 'back')
      assert.equal(await theirs.receive(), [shown(['back'])])
    }
  })
}

over(LIBRARIES, WAYS, 'ids made up have five bytes and begin with 0, either way', async (stage) => {
  const theirRouter = await stage.theirs('ROUTER')
  const ours = stage.ours('DEALER')
  ours.socket.connect(await stage.bindTheirs(theirRouter))
  const ourRouter = stage.ours('ROUTER')
  const theirs = await stage.theirs('DEALER')
  await theirs.connect(await stage.bindOurs(ourRouter))
  await Promise.all([ours.send('hello'), theirs.send('hello')])
  const [[atTheirs]] = (await theirRouter.receive()) as [[string]]
  const [atOurs] = (await ourRouter.receive()) as [string]
  for (const id of [atTheirs, atOurs].map((encoded) => Buffer.from(encoded, 'base64'))) {
    assert.is(id.length, 5)
    assert.is(id[0], 0)
  }
})

over(LIBRARIES, WAYS, 'our ROUTER calls their DEALER as it likes', async (stage) => {
  const router = stage.ours('ROUTER')
  const theirs = await stage.theirs('DEALER', { routingId: 'its own name' })
  ;(router.socket as Router).connect(await stage.bindTheirs(theirs), { routingId: 'nick' })
  await router.send('nick', 'queued before anybody is there')
  assert.equal(await theirs.receive(), [shown(['queued before anybody is there'])])
  await theirs.send('back')
  assert.equal(await router.receive(), shown(['nick', 'back']))
})

over(LIBRARIES, WAYS, 'a newcomer with a known id takes over with handover', async (stage) => {
  const router = stage.ours('ROUTER', { handover: true })
  const at = await stage.bindOurs(router)
  const [first, second] = [
    await stage.theirs('DEALER', { routingId: 'same', reconnectInterval: -1 }),
    await stage.theirs('DEALER', { routingId: 'same' }),
  ]
  await first.connect(at)
  await first.send('first')
  assert.equal(await router.receive(), shown(['same', 'first']))
  await second.connect(at)
  await second.send('second')
  assert.equal(await router.receive(), shown(['same', 'second']))
  await first.event('disconnect')
  await router.send('same', 'to the newcomer')
  assert.equal(await second.receive(), [shown(['to the newcomer'])])
})

over(['jszmq'], ['ws', 'tcp to ws'], 'our ROUTER knows a jszmq DEALER by its id', async (stage) => {
  const router = stage.ours('ROUTER')
  const theirs = await stage.theirs('DEALER', { routingId: 'theirs' })
  await theirs.connect(await stage.bindOurs(router))
  await theirs.send('hello')
  assert.equal(await router.receive(), shown(['theirs', 'hello']))
  await router.send(bytesOf('theirs'), 'back')
  assert.equal(await theirs.receive(), [shown(['back'])])
})

await run()

// Peers that do not fit: the wrong socket type, a mechanism we do not have, an access list, frames that
// are too long. Each is an event with a reason; what a peer says it does not fit is not tried again.
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../src/index.ts'
import { once } from '../support/index.ts'
import type { Way } from './addresses.ts'
import type { ForeignOptions } from './foreign-peer.ts'
import { shown } from './frames.ts'
import type { OurSide } from './our-side.ts'
import { play } from './stage.ts'

const SOON_MS = 3000
const STREAMS: readonly Way[] = ['ipc', 'zmtp', 'tcp']
const WAYS: readonly Way[] = [...STREAMS, 'ws']
const LIBRARIES = ['zeromq', 'pyzmq'] as const
const { with: over, run } = play('refusals')

/** Our connect ends for good: the reason, after the pipe was given up without a further attempt. */
async function refusedForGood({ socket }: OurSide): Promise<ZmqError> {
  let retries = 0
  socket.events.on('connect:retry', () => retries++)
  const [{ error }] = await Promise.all([
    once(socket, 'handshake:error:protocol', SOON_MS),
    once(socket, 'detach', SOON_MS),
  ])
  assert.is(retries, 0, 'not tried again')
  return error
}

/** Why a handshake failed, whoever ended it. */
async function failure({ socket }: OurSide): Promise<string> {
  const types = ['handshake:error:protocol', 'handshake:error:other'] as const
  const { error } = await Promise.race(types.map((type) => once(socket, type, SOON_MS)))
  return error.message
}

over(LIBRARIES, WAYS, 'our PUSH connects to their PUB', async (stage) => {
  const ours = stage.ours('PUSH')
  const theirs = await stage.theirs('PUB')
  const refused = refusedForGood(ours)
  ours.socket.connect(await stage.bindTheirs(theirs))
  const error = await refused
  assert.match(error.message, /PUB/)
  await Promise.race([theirs.event('handshake:error:protocol'), theirs.event('disconnect')])
})

over(LIBRARIES, WAYS, 'their PUSH connects to our PUB', async (stage) => {
  const ours = stage.ours('PUB')
  const refused = failure(ours)
  const theirs = await stage.theirs('PUSH', { reconnectInterval: 20 })
  await theirs.connect(await stage.bindOurs(ours))
  assert.match(await refused, stage.way === 'ws' ? /PUSH|closed/ : /PUSH/) // either may close first
  await Promise.race([theirs.event('handshake:error:protocol'), theirs.event('disconnect')])
})

over(LIBRARIES, WAYS, 'frames over our maxMessageSize end the connection', async (stage) => {
  const ours = stage.ours('PULL', { maxMessageSize: 100 })
  const theirs = await stage.theirs('PUSH', { reconnectInterval: 20 })
  await theirs.connect(await stage.bindOurs(ours))
  await theirs.send('*100:1', '*100:2')
  assert.equal(await ours.receive(), shown(['*100:1', '*100:2']), 'the limit is per frame')
  const lost = once(ours.socket, 'disconnect')
  await theirs.send('*101:3')
  const { error } = await lost
  assert.match(error?.message ?? '', /101/)
  await theirs.event('disconnect') // what is sent before may go down with the connection
  await theirs.send('after')
  assert.equal(await ours.receive(), shown(['after']), 'the peer may come back')
})

over(LIBRARIES, WAYS, 'frames over their maxMessageSize end the connection', async (stage) => {
  const ours = stage.ours('PUSH')
  const theirs = await stage.theirs('PULL', { maxMessageSize: 100 })
  ours.socket.connect(await stage.bindTheirs(theirs))
  await ours.send('*100:1', '*100:2')
  assert.equal(await theirs.receive(), [shown(['*100:1', '*100:2'])])
  const [lost, back] = [once(ours.socket, 'disconnect'), once(ours.socket, 'connect:retry')]
  await ours.send('*101:3')
  await Promise.all([lost, back])
  await ours.send('after')
  assert.equal(await theirs.receive(), [shown(['after'])])
})

const PLAIN_CLIENT: ForeignOptions = { plainUsername: 'user', plainPassword: 'secret' }
const CURVE_SERVER: ForeignOptions = {
  curveServer: true,
  curveSecretKey: 'JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6',
}

for (const [name, options] of [
  ['PLAIN', { plainServer: true }],
  ['CURVE', CURVE_SERVER],
] as const) {
  over(LIBRARIES, STREAMS, `we connect without a mechanism to their ${name}`, async (stage) => {
    const ours = stage.ours('PUSH')
    const theirs = await stage.theirs('PULL', options)
    const refused = once(ours.socket, 'handshake:error:other', SOON_MS)
    const again = once(ours.socket, 'connect:retry', SOON_MS)
    ours.socket.connect(await stage.bindTheirs(theirs))
    assert.match((await refused).error.message, /mechanisms/)
    await again // libzmq hangs up without a word, as a server that restarts would
  })
}

over(LIBRARIES, STREAMS, 'they connect with PLAIN to us', async (stage) => {
  const ours = stage.ours('PULL')
  const refused = once(ours.socket, 'handshake:error:other', SOON_MS)
  const theirs = await stage.theirs('PUSH', PLAIN_CLIENT)
  await theirs.connect(await stage.bindOurs(ours))
  assert.match((await refused).error.message, /mechanisms/)
  await Promise.race([theirs.event('handshake:error:protocol'), theirs.event('disconnect')])
})

over(LIBRARIES, ['ws'], 'they connect with PLAIN to our WebSocket', async (stage) => {
  const ours = stage.ours('PULL')
  const refused = once(ours.socket, 'handshake:error:protocol', SOON_MS)
  const theirs = await stage.theirs('PUSH', PLAIN_CLIENT)
  await theirs.connect(await stage.bindOurs(ours))
  assert.match((await refused).error.message, /subprotocol/)
  await theirs.event('handshake:error:protocol')
})

over(['pyzmq'], ['zmtp', 'tcp'], 'their access list does not have us', async (stage) => {
  const process = await stage.process()
  await process.order('zap', { addresses: ['192.0.2.1'] })
  const theirs = await process.open('PULL', { zapDomain: 'global' })
  const ours = stage.ours('PUSH')
  const refused = refusedForGood(ours)
  ours.socket.connect(await stage.bindTheirs(theirs))
  assert.match((await refused).message, /400/)
  await theirs.event('handshake:error:auth')
})

await run()

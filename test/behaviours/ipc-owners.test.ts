// Whose path an ipc endpoint is: taking it over, giving it back, and several that want it at once.

import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { Pull, Push, type ZmqError } from '../../src/index.ts'
import { threadPeers } from '../support/peers.ts'
import { bound, ipcSection, leaveStale, listen, works } from './ipc-rig.ts'
import { join as joinPeers, soon, take, until } from './rig.ts'

const { inFolder, run } = ipcSection('behaviours: ipc owners')

inFolder('ipcTakeOver: the path goes over, the old owner keeps its peers', async (rig, folder) => {
  const path = join(folder, 'a')
  const old = await bound(rig, path)
  const push = rig.open(new Push())
  await joinPeers(old, push, `ipc://${path}`)
  const taker = await bound(rig, path, true)
  assert.is(taker.lastEndpoint, `ipc://${path}`)
  assert.equal(readdirSync(folder), ['a'])
  await works(rig, taker, path)
  await push.send('still yours')
  assert.is(await take(old), 'still yours')
})

inFolder('ipcTakeOver: there is always somebody at the path', async (rig, folder) => {
  const path = join(folder, 'a')
  let owner = await bound(rig, path)
  let failures = 0
  let tries = 0
  let going = true
  const knock = (): void => {
    if (!going) return
    tries++
    const socket = connect({ path })
    socket.on('error', () => failures++).on('close', knock)
    socket.on('connect', () => socket.destroy())
  }
  knock()
  for (let i = 0; i < 20; i++) {
    const next = await bound(rig, path, true)
    await until(() => tries > (i + 1) * 2)
    await owner.close()
    owner = next
  }
  going = false
  assert.is(failures, 0)
  assert.equal(readdirSync(folder), ['a'])
})

inFolder('close removes no file of somebody else', async (rig, folder) => {
  const path = join(folder, 'a')
  const old = await bound(rig, path)
  const taker = await bound(rig, path, true)
  await old.close()
  assert.equal(readdirSync(folder), ['a'])
  await works(rig, taker, path)
  await taker.close()
  assert.equal(readdirSync(folder), [])
})

inFolder('close: removed and bound anew by another program', async (rig, folder) => {
  const path = join(folder, 'a')
  const old = await bound(rig, path)
  unlinkSync(path)
  const other = await listen(path)
  await old.close()
  assert.ok(existsSync(path))
  await new Promise((resolve) => other.close(resolve))
})

inFolder('close: a file or nothing is at the path by now', async (rig, folder) => {
  const path = join(folder, 'a')
  const first = await bound(rig, path)
  unlinkSync(path)
  await first.close()
  const second = await bound(rig, path)
  unlinkSync(path)
  writeFileSync(path, 'precious')
  await second.close()
  assert.is(readFileSync(path, 'utf8'), 'precious')
})

inFolder('a path that was renamed by its owner’s back stays where it is', async (rig, folder) => {
  const pull = await bound(rig, join(folder, 'a'))
  renameSync(join(folder, 'a'), join(folder, 'b'))
  await works(rig, pull, join(folder, 'b'))
  await pull.close()
  assert.equal(readdirSync(folder), ['b'])
})

inFolder('of many that bind a stale path at once one wins', async (rig, folder) => {
  for (let round = 0; round < 10; round++) {
    const path = join(folder, `${round}`)
    await leaveStale(path)
    const all = Array.from({ length: 8 }, () => rig.open(new Pull()))
    const binds = all.map((pull) => pull.bind(`ipc://${path}`))
    const outcomes = await soon(Promise.allSettled(binds), 'all binds')
    const won = all.filter((_pull, i) => outcomes[i]?.status === 'fulfilled')
    assert.is(won.length, 1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') assert.is(outcome.reason.code, 'EADDRINUSE')
    await works(rig, won[0] as Pull, path)
    assert.equal(
      readdirSync(folder).filter((name) => name.startsWith('.')),
      [],
    )
  }
})

inFolder('of three threads that bind a stale path at once one wins', async (rig, folder) => {
  const threads = [threadPeers(), threadPeers(), threadPeers()]
  try {
    for (let round = 0; round < 30; round++) {
      const path = join(folder, `${round}`)
      await leaveStale(path)
      const peers = threads.map((thread) => thread.open('PULL'))
      const outcomes = await Promise.allSettled(peers.map((peer) => peer.bind(`ipc://${path}`)))
      const won = outcomes.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []))
      assert.is(won.length, 1, `round ${round}: ${JSON.stringify(outcomes)}`)
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') assert.is(outcome.reason.code, 'EADDRINUSE')
      const push = rig.open(new Push())
      push.connect(`ipc://${path}`)
      await soon(push.send('hello'), 'the winner')
      assert.equal(await peers[won[0] as number]?.receive(), ['hello'])
      await Promise.all(peers.map((peer) => peer.close()))
      assert.not(existsSync(path))
    }
  } finally {
    await Promise.all(threads.map((thread) => thread.end()))
  }
})

inFolder(
  'bind and close in turn by two threads: no bind but one at a time',
  async (_rig, folder) => {
    const threads = [threadPeers(), threadPeers()]
    const path = join(folder, 'a')
    let owners = 0
    let binds = 0
    try {
      await Promise.all(
        threads.map(async (thread) => {
          for (let round = 0; round < 100; round++) {
            const peer = thread.open('PULL')
            const won = await peer.bind(`ipc://${path}`).then(
              () => true,
              (error: ZmqError) => void assert.is(error.code, 'EADDRINUSE', error.message),
            )
            if (won) {
              binds++
              assert.is(++owners, 1)
              owners--
            }
            await peer.close()
          }
        }),
      )
    } finally {
      await Promise.all(threads.map((thread) => thread.end()))
    }
    assert.ok(binds > 0)
    assert.equal(readdirSync(folder), [])
  },
)

run()

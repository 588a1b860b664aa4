// The paths of ipc endpoints: which can be bound, what is in the way, and what is never touched.

import { spawnSync } from 'node:child_process'
import fs, {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { connect } from 'node:net'
import { basename, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { Pull, Push } from '../../src/index.ts'
import { once } from '../support/index.ts'
import { bound, ipcSection, leaveStale, refusal, withoutPrivileges, works } from './ipc-rig.ts'
import { join as joinPeers, rejects, soon } from './rig.ts'

const { inFolder, run } = ipcSection('behaviours: ipc paths')

const LONGEST = 107

inFolder(
  'a bind leaves one file, and nothing when it is closed or unbound',
  async (rig, folder) => {
    const path = join(folder, 'a')
    const first = await bound(rig, path)
    assert.equal(readdirSync(folder), ['a'])
    await first.unbind(`ipc://${path}`)
    assert.equal(readdirSync(folder), [])
    await first.bind(`ipc://${path}`)
    await works(rig, first, path)
    await first.close()
    assert.equal(readdirSync(folder), [])
  },
)

inFolder('a stale path is taken', async (rig, folder) => {
  const path = join(folder, 'a')
  await leaveStale(path)
  const pull = await bound(rig, path)
  assert.equal(readdirSync(folder), ['a'])
  await works(rig, pull, path)
})

inFolder('a path left by a process that was killed is taken', async (rig, folder) => {
  const path = join(folder, 'a')
  const script = `require('net').createServer().listen(process.argv[1],()=>process.kill(process.pid,'SIGKILL'))`
  spawnSync(process.execPath, ['-e', script, path], { timeout: 10_000 })
  assert.ok(lstatSync(path).isSocket())
  await works(rig, await bound(rig, path), path)
})

inFolder('a live path is refused, and its owner keeps it', async (rig, folder) => {
  const path = join(folder, 'a')
  const owner = await bound(rig, path)
  const { code, message } = await refusal(bound(rig, path))
  assert.is(code, 'EADDRINUSE')
  assert.match(message, path)
  assert.equal(readdirSync(folder), ['a'])
  await works(rig, owner, path)
})

inFolder('a path whose owner is too busy to answer is live', async (rig, folder) => {
  const path = join(folder, 'a')
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const script = `const { workerData: [path, flag], parentPort } = require('node:worker_threads')
    require('node:net').createServer().listen({ path, backlog: 1 }, () => {
      parentPort.postMessage('')
      setImmediate(() => Atomics.wait(flag, 0, 0))
    })`
  const worker = new Worker(script, { eval: true, workerData: [path, flag] })
  await soon(new Promise((resolve) => worker.once('message', resolve)), 'the worker')
  const full = new Promise<string>((resolve) => {
    const more = (): void => {
      const socket = connect({ path }, more)
      socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code as string)).unref()
    }
    more()
  })
  assert.is(await soon(full, 'its backlog to be full'), 'EAGAIN')
  assert.is((await refusal(bound(rig, path))).code, 'EADDRINUSE')
  assert.equal(readdirSync(folder), ['a'])
  Atomics.store(flag, 0, 1)
  Atomics.notify(flag, 0)
  await worker.terminate()
})

inFolder('what is no socket is never removed', async (rig, folder) => {
  const path = join(folder, 'a')
  const places: [string, () => void][] = [
    ['a file', () => writeFileSync(path, 'precious')],
    ['a folder', () => mkdirSync(path)],
    ['a link to nowhere', () => symlinkSync(join(folder, 'nowhere'), path)],
    ['a pipe', () => spawnSync('mkfifo', [path])],
  ]
  for (const [what, make] of places) {
    make()
    const { ino } = lstatSync(path)
    for (const takeOver of [false, true]) {
      const { code, message } = await refusal(bound(rig, path, takeOver))
      assert.is(code, 'EADDRINUSE', what)
      assert.match(message, 'no socket: remove it yourself')
      assert.is(lstatSync(path).ino, ino, what)
      assert.equal(readdirSync(folder), ['a'])
    }
    rmSync(path, { recursive: true })
  }
})

inFolder('the content of such a file stays', async (rig, folder) => {
  const path = join(folder, 'a')
  writeFileSync(path, 'precious')
  await refusal(bound(rig, path, true))
  assert.is(readFileSync(path, 'utf8'), 'precious')
})

inFolder('a relative path, also when the process changes its folder', async (rig, folder) => {
  const before = process.cwd()
  try {
    process.chdir(folder)
    const pull = await bound(rig, 'here')
    assert.is(pull.lastEndpoint, 'ipc://here')
    await works(rig, pull, 'here')
    await leaveStale('stale')
    await works(rig, await bound(rig, './stale'), 'stale')
    process.chdir('/')
    await works(rig, pull, join(folder, 'here'))
    await pull.close()
    assert.not(existsSync(join(folder, 'here')))
  } finally {
    process.chdir(before)
  }
})

inFolder(
  'a relative path in a folder that is too deep for an absolute one',
  async (rig, folder) => {
    const before = process.cwd()
    const deep = join(folder, 'd'.repeat(100))
    mkdirSync(deep)
    try {
      process.chdir(deep)
      await leaveStale('a')
      const pull = await bound(rig, 'a')
      await works(rig, pull, 'a')
      assert.is((await refusal(bound(rig, 'a'))).code, 'EADDRINUSE')
      await pull.close()
      assert.equal(readdirSync(deep), [])
    } finally {
      process.chdir(before)
    }
  },
)

inFolder('the length of a path is counted in bytes', async (rig, folder) => {
  const rest = LONGEST - folder.length - 1
  for (const name of ['x'.repeat(rest), 'é'.repeat(Math.floor(rest / 2)).padEnd(rest / 2, 'x')]) {
    const pull = await bound(rig, join(folder, name))
    await works(rig, pull, join(folder, name))
    await pull.close()
  }
  for (const name of ['x'.repeat(rest + 1), 'é'.repeat(rest / 2 + 1)]) {
    const long = `ipc://${join(folder, name)}`
    await rejects(rig.open(new Pull()).bind(long), 'ENAMETOOLONG')
    assert.throws(
      () => rig.open(new Push()).connect(long),
      /longer than 107 bytes: choose a shorter/,
    )
  }
})

inFolder('a short name in a folder as deep as can be', async (rig, folder) => {
  const deep = join(folder, 'd'.repeat(LONGEST - folder.length - 3))
  mkdirSync(deep)
  const path = join(deep, 'a')
  assert.is(path.length, LONGEST)
  const pull = await bound(rig, path)
  await works(rig, pull, path)
  assert.is((await refusal(bound(rig, path))).code, 'EADDRINUSE')
  await pull.close()
  assert.equal(readdirSync(deep), [])
})

inFolder('no such folder, and a file in its place', async (rig, folder) => {
  const missing = await refusal(bound(rig, join(folder, 'none', 'a')))
  assert.is(missing.code, 'ENOENT')
  assert.match(missing.message, `${join(folder, 'none')} does not exist`)
  writeFileSync(join(folder, 'file'), '')
  const file = await refusal(bound(rig, join(folder, 'file', 'a')))
  assert.is(file.code, 'ENOTDIR')
  assert.match(file.message, `${join(folder, 'file')} is no folder`)
})

inFolder('a folder without permission', async (rig, folder) => {
  const closed = join(folder, 'closed')
  mkdirSync(closed)
  const path = join(closed, 'a')
  await leaveStale(path)
  chmodSync(folder, 0o755)
  chmodSync(closed, 0o555)
  await withoutPrivileges(async () => {
    for (const place of [path, join(closed, 'b')])
      assert.match((await refusal(bound(rig, place))).code, /^(EACCES|EPERM)$/)
  })
  assert.equal(readdirSync(closed), ['a'])
  chmodSync(closed, 0o755)
})

inFolder('a socket that may not be connected to is not taken for stale', async (rig, folder) => {
  const path = join(folder, 'a')
  const owner = await bound(rig, path)
  chmodSync(path, 0o600)
  chmodSync(folder, 0o777)
  const { ino } = lstatSync(path)
  await withoutPrivileges(async () => {
    if (process.geteuid?.() === lstatSync(path).uid) return // its owner may
    assert.is((await refusal(bound(rig, path))).code, 'EADDRINUSE')
  })
  assert.is(lstatSync(path).ino, ino)
  assert.equal(readdirSync(folder), ['a'])
  await works(rig, owner, path)
})

inFolder(
  'a file that a cleaner touched or linked is still ours or left alone',
  async (rig, folder) => {
    const path = join(folder, 'a')
    const pull = await bound(rig, path)
    linkSync(path, join(folder, 'b'))
    utimesSync(path, new Date(0), new Date())
    await works(rig, pull, join(folder, 'b'))
    await pull.close()
    await works(rig, await bound(rig, path), path)
  },
)

inFolder('a file system without hard links will do', async (rig, folder) => {
  const path = join(folder, 'a')
  const { linkSync: own } = fs
  fs.linkSync = () => {
    throw Object.assign(new Error('operation not supported'), { code: 'ENOTSUP' })
  }
  syncBuiltinESMExports()
  try {
    await leaveStale(path)
    const pull = await bound(rig, path)
    assert.is((await refusal(bound(rig, path))).code, 'EADDRINUSE')
    await works(rig, pull, path)
    assert.equal(readdirSync(folder), ['a'])
  } finally {
    fs.linkSync = own
    syncBuiltinESMExports()
  }
})

inFolder('a wildcard path has a folder of its own, which goes with it', async (rig) => {
  const pull = rig.open(new Pull())
  await pull.bind('ipc://*')
  const path = (pull.lastEndpoint as string).slice('ipc://'.length)
  assert.is(basename(path), 'socket')
  assert.equal(readdirSync(join(path, '..')), ['socket'])
  await works(rig, pull, path)
  await pull.close()
  assert.not(existsSync(join(path, '..')))
})

inFolder('an accepted peer’s address is the endpoint', async (rig, folder) => {
  const path = join(folder, 'a')
  const pull = await bound(rig, path)
  const accepted = once(pull, 'accept')
  const push = rig.open(new Push())
  await joinPeers(pull, push, `ipc://${path}`)
  assert.is((await accepted).peerAddress, `ipc://${path}`)
})

run()

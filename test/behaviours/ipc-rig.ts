// What the tests of ipc paths share: a folder for each, stale files, and binds that say why not.

import { chmodSync, lstatSync, renameSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import * as assert from 'uvu/assert'
import { Pull, Push, ZmqError } from '../../src/index.ts'
import { temporary } from '../support/temporary.ts'
import { type Rig, section, soon, take } from './rig.ts'

export interface IpcSection {
  /** A test with a folder of its own; none on Windows, where ipc has no files. */
  inFolder(name: string, body: (rig: Rig, folder: string) => Promise<void> | void): void
  run(): void
}

export function ipcSection(name: string): IpcSection {
  const { test, run } = section(name)
  return { inFolder: (title, body) => inFolder(test, title, body), run }
}

function inFolder(
  test: ReturnType<typeof section>['test'],
  name: string,
  body: (rig: Rig, folder: string) => Promise<void> | void,
): void {
  if (process.platform === 'win32') return
  test(name, async (rig) => {
    const folder = temporary()
    try {
      await body(rig, folder)
    } finally {
      chmodSync(folder, 0o700)
    }
  })
}

export function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}))
  return soon(
    new Promise((resolve) => server.listen({ path }, () => resolve(server))),
    `a server at ${path}`,
  )
}

/** A socket file that nobody listens on any more. */
export async function leaveStale(path: string): Promise<void> {
  const server = await listen(`${path}-`)
  renameSync(`${path}-`, path)
  await new Promise((resolve) => server.close(resolve))
  assert.ok(lstatSync(path).isSocket())
}

export async function bound(rig: Rig, path: string, ipcTakeOver = false): Promise<Pull> {
  const pull = rig.open(new Pull({ ipcTakeOver }))
  await pull.bind(`ipc://${path}`)
  return pull
}

export async function works(rig: Rig, pull: Pull, path: string): Promise<void> {
  const push = rig.open(new Push({ reconnectInterval: 5 }))
  push.connect(`ipc://${path}`)
  await soon(push.send('hello'), 'a peer')
  assert.is(await take(pull), 'hello')
  push.disconnect(`ipc://${path}`)
}

export async function refusal(promise: Promise<unknown>): Promise<ZmqError> {
  const error = await soon(promise, 'a rejection').then(
    () => assert.unreachable('was accepted'),
    (reason: unknown) => reason,
  )
  assert.instance(error, ZmqError)
  return error as ZmqError
}

/** As an ordinary user, who may not do everything. */
export async function withoutPrivileges(body: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return body()
  process.seteuid?.(65534)
  try {
    await body()
  } finally {
    process.seteuid?.(0)
  }
}

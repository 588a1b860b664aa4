// Default control sockets that nobody listens at any more: those of ZManagers that were killed. A file is only
// removed when the system refuses a connection to it, and when it still is the file that was asked. One that
// just starts is not taken for dead: ipc sockets get their names when they listen already.

import { linkSync, lstatSync, readdirSync, renameSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

const NAME = /^[0-9a-f]{16}\.sock$/

/** Removes them from a folder that is this user's alone. Never rejects: what cannot be removed stays. */
export async function removeStale(folder: string): Promise<void> {
  for (const name of namesIn(folder)) {
    const path = join(folder, name)
    const asked = identity(path)
    if (asked !== undefined && (await isStale(path))) remove(path, asked)
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => NAME.test(name))
  } catch {
    return []
  }
}

/** Should another ZManager have taken the path in this very moment, it gets its name back. */
function remove(path: string, stale: string): void {
  const aside = `${path}-${process.pid}`
  try {
    if (identity(path) !== stale) return
    renameSync(path, aside)
    if (identity(aside) !== stale) linkSync(aside, path)
    unlinkSync(aside)
  } catch {} // somebody else was faster
}

/** Undefined for what is no socket. */
function identity(path: string): string | undefined {
  const there = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return there?.isSocket() ? `${there.ino} ${there.mtimeNs}` : undefined
}

function isStale(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path }, () => {
      probe.destroy()
      resolve(false)
    })
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'))
  })
}

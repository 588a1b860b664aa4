// Where the control endpoint of a ZManager is: where control_address says, else at a socket of this
// user that is named after the ini file, so that `zmanager top zmanager.ini` finds it without being
// told. Not in here: what is said there (control.ts).

import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ZmqError } from '../../core/errors.ts'
import { keyFault } from '../config-ini.ts'

export interface ControlPlace {
  /** Where a running ZManager is asked and steered. Default: nowhere. */
  readonly controlAddress?: string
  /** Nobody chose this address: a ZManager that cannot have it says so and runs without. Default: false. */
  readonly controlIsDefault?: boolean
}

const IPC = 'ipc://'
/** WebSockets are not among them: pages of any origin could connect. */
const ALLOWED = /^(ipc|tcp|zmtp|inproc):\/\/./i

/** `given` is the value of control_address; empty: there is to be none. Throws EINVAL. */
export function controlPlaceOf(given: unknown, file: string): ControlPlace {
  if (given === '') return {}
  if (given !== undefined) return { controlAddress: allowed(given, file) }
  const uid = process.getuid?.()
  if (uid === undefined) return {} // Windows: nothing would keep other users out
  const name = createHash('sha256').update(realpathSync(file)).digest('hex').slice(0, 16)
  const path = join(tmpdir(), `zmanager-${uid}`, `${name}.sock`)
  return { controlAddress: IPC + path, controlIsDefault: true }
}

/** Makes the folder of a default address, if there is none, and returns it. Throws as `checkFolder`. */
export function makeFolder(address: string): string {
  const folder = folderOf(address)
  try {
    mkdirSync(folder, { mode: 0o700 }) // `recursive` never returns where none can be made, as in /proc
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  checkFolder(address)
  return folder
}

/** Throws EACCES for the folder of a default address if others than this user may have put something there. */
export function checkFolder(address: string): void {
  const folder = folderOf(address)
  const there = lstatSync(folder, { throwIfNoEntry: false })
  if (!there) return
  const isOwn = there.isDirectory() && there.uid === process.getuid?.() && !(there.mode & 0o077)
  if (isOwn) return
  const hint = 'remove it, or choose another place with control_address'
  const message = `${folder} is not a folder of this user alone (mode 0700): ${hint}`
  throw new ZmqError('EACCES', message, { address })
}

function folderOf(address: string): string {
  return dirname(address.slice(IPC.length))
}

function allowed(given: unknown, file: string): string {
  if (typeof given === 'string' && ALLOWED.test(given)) return given
  const rule = 'control_address must be an ipc:// or tcp:// endpoint, or empty for none'
  throw keyFault(file, 'control_address', `${rule}, not '${given}'`)
}

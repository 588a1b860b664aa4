// Who uses a journal: a file beside it that names the process. Left behind by a process that is gone
// it counts for nothing; a process number that was given again is told by the time of its birth.

import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { ZmqError } from '../../core/errors.ts'

/** How often somebody else may take the lock and lose it again before this gives up. */
const TRIES = 8

interface Holder {
  readonly pid: number
  readonly host: string
  /** When the process began, where the system tells (Linux); empty elsewhere. */
  readonly birth: string
  /** When it took the lock, ISO 8601. */
  readonly since: string
  /** Somebody wanted it to end at once: it did not crash. */
  readonly isAsked?: boolean
}

/** Those of this process. */
const held = new Set<JournalLock>()

/** To be called right before `process.exit` where somebody wants that: it counts for no crash then. Never throws. */
export function leaveLocks(): void {
  for (const lock of held) lock.leave()
}

export class JournalLock {
  readonly #file: string
  readonly #text: string
  /** Whether the one before did not give it back: its process crashed. */
  readonly wasLeft: boolean

  private constructor(file: string, text: string, wasLeft: boolean) {
    this.#file = file
    this.#text = text
    this.wasLeft = wasLeft
    held.add(this)
  }

  /**
   * Takes `path`.lock. Throws EBUSY, naming the process, while another (or this one) has it, and the
   * system's codes, such as EACCES for a folder that cannot be written.
   */
  static take(path: string): JournalLock {
    const file = `${path}.lock`
    const { pid } = process
    const since = new Date().toISOString()
    const holder: Holder = { pid, host: hostname(), birth: birthOf(pid), since }
    const text = `${JSON.stringify(holder)}\n`
    const own = `${file}.${randomBytes(6).toString('hex')}`
    let wasLeft = false
    try {
      writeFileSync(own, text, { flag: 'wx', flush: true })
      for (let tries = 0; tries < TRIES; tries++) {
        if (link(own, file)) return new JournalLock(file, text, wasLeft)
        const there = read(file)
        if (there === undefined) continue // gone in the meantime
        checkGone(there, path, file)
        removeStale(file, there, own)
        wasLeft ||= !parse(there)?.isAsked
      }
    } finally {
      rmSync(own, { force: true })
    }
    throw busy(path, 'others open and leave it all the time')
  }

  /** Gives it back, unless it belongs to somebody else by now. */
  release(): void {
    held.delete(this)
    if (read(this.#file) === this.#text) rmSync(this.#file, { force: true })
  }

  /** It stays until the process is gone: what is being written may still get to the file. */
  leave(): void {
    const own = `${this.#file}.${randomBytes(6).toString('hex')}`
    try {
      if (read(this.#file) !== this.#text) return
      writeFileSync(own, `${JSON.stringify({ ...parse(this.#text), isAsked: true })}\n`)
      renameSync(own, this.#file)
    } catch {
      rmSync(own, { force: true }) // the disk is full: it counts for a crash
    }
  }
}

/** False if the name is taken. The lock appears with its text, never without. */
function link(own: string, file: string): boolean {
  try {
    linkSync(own, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Throws EBUSY unless it is sure that the holder is no more. */
function checkGone(text: string, path: string, file: string): void {
  const holder = parse(text)
  if (!holder) throw busy(path, `nobody can read who has ${file}: remove it if nobody does`)
  const { pid, host, since } = holder
  const who = `process ${pid}${host === hostname() ? '' : ` on ${host}`} uses it since ${since}`
  if (host !== hostname()) throw busy(path, `${who}: stop it, or remove ${file} if it is gone`)
  if (isAlive(holder)) throw busy(path, `${who}: stop it first, or give each a path of its own`)
}

function parse(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null
    const fine = Number.isSafeInteger(holder?.pid) && (holder?.pid as number) > 0
    return fine && typeof holder?.host === 'string' ? (holder as Holder) : undefined
  } catch {
    return undefined
  }
}

function isAlive({ pid, birth }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH' // EPERM: somebody else's, and alive
  }
  const now = birthOf(pid)
  return !birth || !now || now === birth
}

/**
 * Boot of the machine and clock ticks since then: field 22 of proc(5)'s stat, after the name. A
 * process that was killed and that its parent has not asked about yet is 'gone'.
 */
function birthOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'gone' : `${boot} ${fields[19]}`
  } catch {
    return ''
  }
}

/** Moves it away before it is removed: should it be a new one by now, its owner gets it back. */
function removeStale(file: string, stale: string, own: string): void {
  const aside = `${own}-`
  try {
    renameSync(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return // somebody was faster
    throw error
  }
  try {
    if (read(aside) !== stale) link(aside, file)
  } finally {
    rmSync(aside, { force: true })
  }
}

function busy(path: string, why: string): ZmqError {
  return new ZmqError('EBUSY', `The journal ${path} is in use: ${why}`, { address: path })
}

/** Of the file itself, where `path` is a link to it: then its names have one lock. */
export async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return resolve(path)
    throw error
  }
}

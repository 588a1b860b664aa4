// Journals in a folder of their own, and what is in them.
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Message } from '../../src/core/message.ts'
import { Journal, type JournalOptions } from '../../src/manager/journal/journal.ts'
import { temporary } from './temporary.ts'

let count = 0
let folder: string | undefined

/** A path for a journal. The folder goes when the process ends. */
export function journalPath(): string {
  folder ??= temporary()
  return join(folder, `${++count}.journal`)
}

/** Three frames, as an envelope has. */
export function sample(id: string, bodyBytes = 40): Message {
  const header = JSON.stringify({ id, flow: 'F' })
  return [Buffer.from(`/F/${id}`), Buffer.from(header), Buffer.alloc(bodyBytes, id)]
}

/** What the journal at `path` recovers, as [id, frames in hex]; the journal is closed again. */
export async function contents(
  path: string,
  options: JournalOptions = {},
): Promise<[string, string[]][]> {
  const journal = await Journal.open(path, { fsync: 'never', report: () => {}, ...options })
  try {
    return await live(journal)
  } finally {
    await journal.close()
  }
}

export async function live(journal: Journal): Promise<[string, string[]][]> {
  const found: [string, string[]][] = []
  for await (const { id, message } of journal.recovered()) found.push([id, inHex(message)])
  return found
}

export function inHex(message: Message): string[] {
  return message.map((frame) => Buffer.from(frame).toString('hex'))
}

type Faulty = Pick<FileHandle, 'write' | 'datasync' | 'truncate'>

/**
 * Puts other file operations in place of the system's, for all files of this process, while `act`
 * runs. `make` gets the real ones.
 */
export async function withFileFaults<T>(
  path: string,
  make: (real: Faulty) => Partial<Record<keyof Faulty, unknown>>,
  act: () => Promise<T>,
): Promise<T> {
  const handle = await open(`${path}.probe`, 'w')
  const prototype = Object.getPrototypeOf(handle)
  await handle.close()
  const { write, datasync, truncate } = prototype
  Object.assign(prototype, make({ write, datasync, truncate }))
  try {
    return await act()
  } finally {
    Object.assign(prototype, { write, datasync, truncate })
  }
}

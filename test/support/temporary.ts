// Folders that no other test and no other run uses: what an earlier run left cannot be in them.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let root: string | undefined
let count = 0

/** A new, empty folder. It goes when this process ends. */
export function temporary(): string {
  root ??= made()
  const folder = join(root, `${count++}`)
  mkdirSync(folder)
  return folder
}

function made(): string {
  const folder = mkdtempSync(join(tmpdir(), 'zm-'))
  chmodSync(folder, 0o755) // tests that give up their privileges go in, too
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

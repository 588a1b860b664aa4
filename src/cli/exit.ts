// How the command ends: as somebody wanted, so what it leaves undone is not taken for what a crash left.

import { leaveLocks } from '../manager/journal/journal-lock.ts'

export function exit(code: number): never {
  leaveLocks()
  process.exit(code)
}

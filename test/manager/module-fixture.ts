// Modules with handlers and flows defined in code, for tests: files in a fresh folder.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporary } from '../support/temporary.ts'

const INDEX = new URL('../../src/index.ts', import.meta.url).href
const folder = temporary()
let count = 0

/** The path of a module with this text (ESM: .mts), in which `defineFlow` and `defineHandler` are imported. */
export function writeModule(text: string, name = `module-${++count}.mts`): string {
  const file = join(folder, name)
  writeFileSync(file, `import { defineFlow, defineHandler } from '${INDEX}'\n${text}\n`)
  return file
}

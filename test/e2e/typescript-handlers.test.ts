// The built package runs handlers in TypeScript that the mapping names in the dotted way, in threads and
// in processes, and those of a folder that Node takes for CommonJS.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { endpoint } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const HANDLERS = `
type Values = Record<string, unknown>
export class Notes {
  note(values: Values): Values {
    return { ...values, kind: 'note' }
  }
}
`
const folder = temporary()

const at = (name: string): string => join(folder, name)
writeFileSync(at('flows.ini'), '[Note]\n?Note?Push\nSubject?Note?Note\n??done\n')
writeFileSync(at('actions.ini'), '[actionmapping]\n?Note?Note = handlers.Notes.note\n')
writeFileSync(at('handlers.ts'), HANDLERS)

for (const type of ['thread', 'process']) {
  test(`dist, ${type}: a dotted target in TypeScript`, () => {
    writeFileSync(
      at('zmanager.ini'),
      `[ZManagerConfiguration]
subject_pull_address = ${endpoint('ipc')}
subject_push_address = ${endpoint('ipc')}
integration_manager_pull_address = ${endpoint('ipc')}
integration_manager_pub_address = ${endpoint('ipc')}
worker_count = 1
worker_type = ${type}
flows = flows.ini
actions = actions.ini
`,
    )
    const out = execFileSync(process.execPath, [CLI, 'run', at('zmanager.ini')], {
      input: '{"n":1}\n',
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: 60_000,
    })
    assert.equal(JSON.parse(out), { n: 1, kind: 'note' })
  })
}

test.run()

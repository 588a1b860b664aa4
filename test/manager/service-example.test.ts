// The example of a service, on a free port.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZManager } from '../../src/index.ts'
import { vacant, within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'

const LIMIT_MS = 60_000
const example = fileURLToPath(new URL('../../examples/gateway', import.meta.url))
const folder = temporary()

test('an HTTP request goes through a flow, and its answer comes back', async () => {
  cpSync(example, folder, { recursive: true })
  const file = join(folder, 'zmanager.ini')
  const { port } = new URL((await vacant('tcp')).replace('tcp:', 'http:'))
  writeFileSync(file, readFileSync(file, 'utf8').replace('port = 8080', `port = ${port}`))
  const reports: string[] = []
  const manager = ZManager.fromFile(file, { report: (text) => void reports.push(text) })
  try {
    await within(LIMIT_MS, manager.start(), 'the manager starts')
    assert.equal(manager.warnings, [])
    assert.is(manager.flows[0], 'Shout')
    const get = async (text: string): Promise<string> => {
      const response = await fetch(`http://127.0.0.1:${port}/?text=${text}`)
      return response.text()
    }
    const texts = ['one', 'two', 'three']
    assert.equal(await within(LIMIT_MS, Promise.all(texts.map(get)), 'the answers'), [
      'ONE!\n',
      'TWO!\n',
      'THREE!\n',
    ])
    const { status, handled, failed } = await manager.services.health('http')
    assert.equal({ status, handled, failed }, { status: 'OPERATIONAL', handled: 3, failed: 0 })
  } finally {
    await within(LIMIT_MS, manager.stop(), 'the manager stops')
  }
  assert.equal(reports, [])
  assert.is(manager.services.status('http').lastError, undefined)
})

test.run()

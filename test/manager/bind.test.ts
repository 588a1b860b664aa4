// A ZManager whose address is taken says which key of zmanager.ini to change.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Pull, ZManager, ZmqError } from '../../src/index.ts'
import { vacant, within } from '../support/index.ts'
import { writeFixture } from './fixture.ts'

const KEYS = [
  'subject_pull_address',
  'subject_push_address',
  'integration_manager_pull_address',
  'integration_manager_pub_address',
  'control_address',
]

test('an address in use is told by its key', async () => {
  const file = writeFixture('ipc', {
    workers: 1,
    lines: `control_address = ${await vacant('ipc')}`,
  })
  for (const key of KEYS) {
    const line = new RegExp(`^${key} = (.*)$`, 'm').exec(readFileSync(file, 'utf8'))
    const taken = new Pull()
    await taken.bind(line?.[1] as string)
    const manager = ZManager.fromFile(file, { report: () => {} })
    const error = await within(
      20_000,
      manager.start().catch((reason) => reason),
      key,
    )
    await taken.close()
    assert.instance(error, ZmqError)
    assert.equal([error.code, error.message.split(': ')[0]], ['EADDRINUSE', key])
  }
})

test.run()

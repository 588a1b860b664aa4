// Formats and modules at the command line: send, check and what they read.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { check } from '../../src/cli/commands/check.ts'
import { send } from '../../src/cli/commands/send.ts'
import { modulesIn, readSources } from '../../src/cli/sources.ts'
import { lineOf, parseValues } from '../../src/cli/values.ts'
import { ActionKey, type FlowEvent, ZManager } from '../../src/index.ts'
import { writeFixture } from '../manager/fixture.ts'
import { writeModule } from '../manager/module-fixture.ts'
import { within } from '../support/index.ts'

const LIMIT_MS = 60_000
const MODULE = writeModule(`
const same = defineHandler('?Keep?Same', () => {})
export const Bytes = defineFlow('Bytes', [same], { format: 'raw' })
export const Text = defineFlow('Text', [same], { format: 'json' })
`)
const file = writeFixture('tcp', { workers: 1, lines: `modules = ${MODULE}` })
const test = suite('formats at the command line')
let manager: ZManager

test.before(async () => {
  manager = ZManager.fromFile(file)
  await within(LIMIT_MS, manager.start(), 'the manager starts')
})
test.after(() => within(LIMIT_MS, manager.stop(), 'the manager stops'))

async function sent(flow: string, values: string, ...args: string[]): Promise<FlowEvent> {
  const ends = await manager.subscribe(ActionKey.of({ flow })).ready()
  assert.is(await send.run([manager.pullAddress, flow, values, ...args]), 0)
  const end = await within(LIMIT_MS, ends.receive(), 'an end')
  await ends.close()
  return end
}

test('raw bytes are given and shown in base64', async () => {
  const { body } = parseValues('{"body": "AP8K"}', 'raw')
  assert.equal([...(body as Uint8Array)], [0, 255, 10])
  assert.is(lineOf({ body }), '{"body":"AP8K"}')
  for (const line of ['{}', '{"body": 1}', '{"body": "AP8"}', '{"body": "a b="}'])
    assert.throws(() => parseValues(line, 'raw'), /the bytes in base64/)
  assert.equal(parseValues('{"body": "AP8K"}', 'json'), { body: 'AP8K' })
  assert.equal(parseValues('\uFEFF{"n": 1}', 'json'), { n: 1 })
})

test('send takes the format of the flow, of a module too, or another one', async () => {
  const raw = await sent('Bytes', '{"body": "AP8K"}', '--flows', file)
  assert.equal([raw.header.format, raw.header.outcome], ['raw', 'done'])
  assert.equal([...(raw.message[2] as Uint8Array)], [0, 255, 10])
  const text = await sent('Text', '{"a": 1}', '--flows', file)
  assert.equal([text.header.format, String(text.message[2])], ['json', '{"a":1}'])
  const other = await sent('Text', '{"a": 1}', '--format', 'msgpack')
  assert.equal([other.header.format, other.values], ['msgpack', { a: 1 }])
  const error = await send
    .run([manager.pullAddress, 'Text', '{}', '--format', 'xml'])
    .catch((e) => e)
  assert.match(error.message, /--format is one of msgpack, json, raw, not 'xml'/)
})

test('check knows what modules define', async () => {
  const { flows, actions, findings } = readSources([file], await modulesIn([file]))
  assert.ok(['Bytes', 'Text', 'Work'].every((name) => flows.some((flow) => flow.name === name)))
  assert.is(actions.resolve(ActionKey.parse('?Keep?Same'))?.target.file, MODULE)
  assert.not(findings.some((finding) => finding.file === MODULE))
  assert.is(await check.run([file, '--json']), 0)
})

test.run()

// kill -9, for real: a process that accepts messages dies in the middle, and whatever it had said it
// accepted is in the journal, with compactions going on all the time.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FsyncPolicy } from '../../src/manager/journal/journal.ts'
import { within } from '../support/index.ts'
import { contents, inHex, journalPath, sample } from '../support/journal-files.ts'

const LIMIT_MS = 30_000
const CHILD = fileURLToPath(new URL('../support/journal-child.ts', import.meta.url))

interface Said {
  readonly accepted: Set<string>
  readonly replaced: Set<string>
  /** Perhaps: it was about to say so in the journal. */
  readonly ended: Set<string>
}

/** Runs the child until it has said `lines` lines, and kills it while it goes on. */
async function untilKilled(
  path: string,
  fsync: FsyncPolicy,
  lines: number,
  prefix: string,
): Promise<Said> {
  const log = `${path}.log`
  const options = [path, fsync, '4000', prefix, log, `${lines}`]
  const args = ['--import', import.meta.resolve('tsx'), CHILD, ...options]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.on('data', (data) => `${data}`.includes('enough') && child.kill('SIGKILL'))
  const closed = new Promise<string | null>((resolve) => {
    child.once('close', (_code, signal) => resolve(signal))
  })
  const signal = await within(LIMIT_MS, closed, 'the child is killed').finally(() => child.kill())
  assert.is(signal, 'SIGKILL')
  const said = {
    accepted: new Set<string>(),
    replaced: new Set<string>(),
    ended: new Set<string>(),
  }
  const text = readFileSync(log, 'utf8')
  for (const line of text.slice(0, text.lastIndexOf('\n')).split('\n')) {
    if (line.startsWith('a ')) said.accepted.add(line.slice(2))
    if (line.startsWith('r ')) said.replaced.add(line.slice(2))
    if (line.startsWith('e ')) said.ended.add(line.slice(2))
  }
  assert.ok(said.accepted.size + said.replaced.size + said.ended.size >= lines)
  return said
}

for (const fsync of ['always', 'interval', 'never'] as const) {
  test(`every message that was said to be accepted is there after kill -9 (${fsync})`, async () => {
    const path = journalPath()
    const expected = new Set<string>()
    const ended = new Set<string>()
    const replaced = new Set<string>()
    for (const [round, lines] of [200, 1501, 3702].entries()) {
      const said = await untilKilled(path, fsync, lines, `${round}`)
      for (const id of said.ended) ended.add(id)
      for (const id of said.replaced) replaced.add(id)
      for (const id of said.accepted) if (!said.ended.has(id)) expected.add(id)
    }
    const found = new Map(await contents(path))
    const lost = [...expected].filter((id) => !found.has(id))
    assert.equal(lost, [])
    assert.ok(expected.size > 400 && replaced.size > 400, `${expected.size}`)
    for (const [id, frames] of found) {
      const isReplaced = replaced.has(id) || frames[2]?.length === 100 // or it was not said any more
      assert.equal(frames, inHex(sample(id, isReplaced ? 50 : 100)))
    }
    // 5 producers a round: what was written and not said, and ends that were not written any more
    const more = [...found.keys()].filter((id) => !expected.has(id))
    assert.ok(more.length <= 3 * 2 * 5, `${more.length} more than expected`)
  })
}

test.run()

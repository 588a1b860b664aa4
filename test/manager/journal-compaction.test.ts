// Compaction: the file stays small under load, and whenever a crash comes nothing is lost.
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Journal } from '../../src/manager/journal/journal.ts'
import { HEADER_BYTES } from '../../src/manager/journal/journal-format.ts'
import { within } from '../support/index.ts'
import {
  contents,
  inHex,
  journalPath,
  live,
  sample,
  withFileFaults,
} from '../support/journal-files.ts'

const LIMIT_MS = 60_000
const OPTIONS = { fsync: 'never', report: (text: string) => assert.unreachable(text) } as const

/**
 * Accepts and ends until the journal was compacted so often; `keep` says which are never ended. The
 * others end one message later, so that compactions meet them alive.
 */
async function load(
  journal: Journal,
  compactions: number,
  keep: (i: number) => boolean,
  from = 0,
): Promise<string[]> {
  const kept: string[] = []
  const producer = async (name: number): Promise<void> => {
    let last = from - 1
    for (let i = from; journal.statistics().compactions < compactions; i++) {
      const id = `${name}-${i}`
      await journal.accepted(id, sample(id, 500))
      if (keep(i)) kept.push(id)
      if (!keep(i - 1)) journal.ended(`${name}-${i - 1}`, 'done')
      last = i
    }
    if (!keep(last)) journal.ended(`${name}-${last}`, 'done')
  }
  const all = Promise.all(Array.from({ length: 20 }, (_, name) => producer(name)))
  await within(LIMIT_MS, all, `${compactions} compactions`)
  return kept
}

test('under load the file stays small and what is live stays, with its content', async () => {
  const path = journalPath()
  const journal = await Journal.open(path, { ...OPTIONS, compactBytes: 100_000 })
  const kept = await load(journal, 8, (i) => i % 50 === 0)
  const { bytes, liveBytes, live: count } = journal.statistics()
  assert.is(count, kept.length)
  assert.ok(bytes < 2 * liveBytes + 1_500_000, `${bytes} bytes for ${liveBytes} live`)
  await journal.close()
  const expected = new Map(kept.map((id) => [id, inHex(sample(id, 500))]))
  const found = await contents(path)
  assert.equal(new Map(found.map(([id, frames]) => [id, frames])).size, kept.length)
  for (const [id, frames] of found) assert.equal(frames, expected.get(id))
})

/** What this process has open that begins with `path`; Linux alone tells. */
function openOf(path: string): string[] {
  const folder = '/proc/self/fd'
  if (!existsSync(folder)) return []
  const targets = readdirSync(folder).map((descriptor) => {
    try {
      return readlinkSync(join(folder, descriptor))
    } catch {
      return '' // that of the listing itself
    }
  })
  return targets.filter((target) => target.startsWith(path))
}

test('files that were replaced are closed', async () => {
  const path = journalPath()
  const journal = await Journal.open(path, { ...OPTIONS, compactBytes: 100_000 })
  await load(journal, 8, () => false)
  if (process.platform === 'linux') assert.is(openOf(path).length, 1, 'the one in use')
  await journal.close()
  assert.equal(openOf(path), [])
})

test('order is kept, ids may come again, and ends count after the move too', async () => {
  const path = journalPath()
  const journal = await Journal.open(path, { ...OPTIONS, compactBytes: 20_000 })
  for (const id of ['a', 'b', 'c']) await journal.accepted(id, sample(id))
  await load(journal, 1, () => false)
  journal.ended('a', 'done')
  await journal.accepted('a', sample('later'))
  journal.ended('b', 'failed')
  await load(journal, 3, () => false, 1_000_000)
  await journal.close()
  assert.equal(await contents(path), [
    ['c', inHex(sample('c'))],
    ['a', inHex(sample('later'))],
  ])
})

test('what was recovered can be read while compactions replace the file', async () => {
  const path = journalPath()
  const first = await Journal.open(path, OPTIONS)
  const ids = Array.from({ length: 100 }, (_, i) => `old-${i}`)
  await Promise.all(ids.map((id) => first.accepted(id, sample(id))))
  await first.close()
  const journal = await Journal.open(path, { ...OPTIONS, compactBytes: 20_000 })
  const messages = journal.recovered()
  assert.is((await messages.next()).value.id, 'old-0')
  await load(journal, 3, () => false)
  journal.ended('old-50', 'done')
  const rest: string[] = []
  for await (const { id } of messages) rest.push(id)
  assert.equal(
    rest,
    ids.filter((id) => id !== 'old-0' && id !== 'old-50'),
  )
  await journal.close()
  assert.is((await contents(path)).length, 99)
})

test('a crash before any operation of a compaction loses nothing and invents nothing', async () => {
  const path = journalPath()
  const crashes: { file: string; accepted: string[]; begun: Set<string> }[] = []
  const alive = new Set<string>()
  const begun = new Set<string>() // accepted, or about to be, and not known to have ended
  /** As if the process had died here: the file as it is, and what it had promised. */
  const crash = (): void => {
    if (crashes.length >= 400 || !existsSync(path)) return
    const file = `${path}-crash-${crashes.length}`
    copyFileSync(path, file)
    if (existsSync(`${path}.new`)) copyFileSync(`${path}.new`, `${file}.new`)
    crashes.push({ file, accepted: [...alive], begun: new Set(begun) })
  }
  const before = (real: object) =>
    Object.fromEntries(
      Object.entries(real).map(([name, operation]) => [
        name,
        function (this: unknown, ...args: unknown[]) {
          crash()
          return operation.apply(this, args)
        },
      ]),
    )
  const journal = await Journal.open(path, { ...OPTIONS, fsync: 'always', compactBytes: 2000 })
  await withFileFaults(path, before, async () => {
    for (let i = 0; journal.statistics().compactions < 30; i++) {
      const id = `${i}`
      begun.add(id)
      await journal.accepted(id, sample(id))
      alive.add(id)
      if (i % 9 === 0) continue
      alive.delete(id) // from here on it may be there or not
      journal.ended(id, 'done')
    }
  })
  await journal.close()
  assert.ok(crashes.length > 100, `${crashes.length} crashes`)
  for (const { file, accepted, begun: possible } of crashes) {
    const found = new Map(await contents(file))
    for (const id of accepted) assert.equal(found.get(id), inHex(sample(id)), `${file}: ${id}`)
    for (const id of found.keys()) assert.ok(possible.has(id), `${file}: ${id} was invented`)
    assert.not(existsSync(`${file}.new`))
  }
})

test('a compaction that fails is reported, and the journal goes on in its old file', async () => {
  const path = journalPath()
  const reports: string[] = []
  const report = (text: string): unknown => reports.push(text)
  const journal = await Journal.open(path, { fsync: 'never', compactBytes: 5000, report })
  await journal.accepted('kept', sample('kept'))
  const full = () => ({
    datasync: () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' })),
  })
  await withFileFaults(path, full, async () => {
    for (let i = 0; reports.length === 0; i++) {
      await journal.accepted(`${i}`, sample(`${i}`))
      journal.ended(`${i}`, 'done')
    }
  })
  assert.match(reports[0] ?? '', /was not compacted/)
  assert.not(existsSync(`${path}.new`))
  await load(journal, 1, () => false, 1_000_000)
  await journal.close()
  assert.equal(await contents(path), [['kept', inHex(sample('kept'))]])
})

test('closing gives up a compaction and leaves nothing beside the file', async () => {
  const path = journalPath()
  const journal = await Journal.open(path, { ...OPTIONS, compactBytes: 1000 })
  for (let i = 0; i < 200; i++) {
    const accepting = journal.accepted(`${i}`, sample(`${i}`))
    if (i >= 100) await accepting
    journal.ended(`${i}`, 'done')
  }
  await journal.close()
  assert.not(existsSync(`${path}.new`))
  assert.not(existsSync(`${path}.lock`))
  assert.equal(await contents(path), [])
})

test('a live record that the disk spoilt keeps its file from being replaced', async () => {
  const path = journalPath()
  const reports: string[] = []
  const report = (text: string): unknown => reports.push(text)
  const journal = await Journal.open(path, { fsync: 'never', compactBytes: 5000, report })
  await journal.accepted('spoilt', sample('spoilt'))
  const bytes = readFileSync(path)
  bytes[HEADER_BYTES + 30] = (bytes[HEADER_BYTES + 30] as number) ^ 1
  writeFileSync(path, bytes, { flag: 'r+' })
  for (let i = 0; reports.length === 0; i++) {
    await journal.accepted(`${i}`, sample(`${i}`))
    journal.ended(`${i}`, 'done')
  }
  assert.match(reports[0] ?? '', /live message spoilt, is damaged/)
  journal.ended('spoilt', 'done')
  await load(journal, 1, () => false, 1_000_000)
  assert.equal(await live(journal), [])
  await journal.close()
})

test.run()

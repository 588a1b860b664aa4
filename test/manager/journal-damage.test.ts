// A journal that was cut at any byte, or had bytes changed: every record that is whole is read, and
// no other; the bytes in between are accounted for.
import { readFileSync, writeFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Journal } from '../../src/manager/journal/journal.ts'
import {
  ACCEPTED,
  endedEntry,
  framesEntry,
  HEADER_BYTES,
} from '../../src/manager/journal/journal-format.ts'
import { contents, inHex, journalPath, live, sample } from '../support/journal-files.ts'

const RUNS = 100
const OPTIONS = { fsync: 'never', compactBytes: Number.MAX_SAFE_INTEGER, report: () => {} } as const

/** What the file should hold: records in order, at their places. */
interface Written {
  readonly id: string
  /** Frames in hex; undefined for an end. */
  readonly frames: string[] | undefined
  readonly from: number
  readonly to: number
}

type Step = { do: 'accept' | 'end'; id: string; bytes: number; together: boolean }

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('accept', 'accept', 'end'),
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'ü', ''),
  bytes: fc.oneof(fc.nat(60), fc.nat(5000)),
  together: fc.boolean(),
})

/** Plays the steps; some wait for the one before. Returns what must be in the file now. */
async function play(journal: Journal, steps: Step[], written: Written[]): Promise<Written[]> {
  const all = [...written]
  const alive = new Set(replay(all).map(([id]) => id))
  let end = journal.statistics().bytes
  let last: Promise<void> = Promise.resolve()
  const add = (id: string, size: number, frames?: string[]): void => {
    all.push({ id, frames, from: end, to: end + size })
    end += size
  }
  for (const { do: what, id, bytes, together } of steps) {
    if ((what === 'accept') === alive.has(id)) continue // neither twice
    if (what === 'end') {
      journal.ended(id, 'done')
      alive.delete(id)
      add(id, endedEntry(id, 'done').size)
      continue
    }
    const message = sample(`${id}${all.length}`, bytes)
    last = journal.accepted(id, message)
    alive.add(id)
    add(id, framesEntry(ACCEPTED, id, message).size, inHex(message))
    if (!together) await last
  }
  await last
  return all
}

function replay(written: Written[]): [string, string[]][] {
  const found = new Map<string, string[]>()
  for (const { id, frames } of written) {
    found.delete(id)
    if (frames) found.set(id, frames)
  }
  return [...found]
}

/** A journal after some steps, closed. */
async function made(steps: Step[]): Promise<{ path: string; written: Written[] }> {
  const path = journalPath()
  const journal = await Journal.open(path, OPTIONS)
  const written = await play(journal, steps, [])
  await journal.close()
  return { path, written }
}

/** `cut` from 0 to 1, of the file; `flips`: where, from 0 to 1, and by which bits. */
const harm = fc.record({
  cut: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
  flips: fc.array(
    fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 1, max: 255 })),
    { maxLength: 4 },
  ),
})

test('cuts and flips cost the records they hit, and those only; then it goes on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 30 }),
      harm,
      fc.array(step, { maxLength: 10 }),
      async (before, { cut, flips }, after) => {
        const { path, written } = await made(before)
        const bytes = readFileSync(path)
        const size = HEADER_BYTES + Math.round((bytes.length - HEADER_BYTES) * cut)
        const hit = new Set<number>()
        for (const [where, bits] of flips) {
          const at = Math.floor(where * size)
          if (at >= 16 && !hit.has(at)) bytes[at] = (bytes[at] as number) ^ bits // one header copy stays
          if (at >= 16) hit.add(at)
        }
        writeFileSync(path, bytes.subarray(0, size))
        const whole = written.filter(
          ({ from, to }) => to <= size && ![...hit].some((at) => at >= from && at < to),
        )

        const journal = await Journal.open(path, OPTIONS)
        assert.equal(await live(journal), replay(whole))
        const skipped = journal.damaged.reduce((sum, part) => sum + part.bytes, 0)
        const wholeBytes = whole.reduce((sum, { from, to }) => sum + to - from, 0)
        assert.is(HEADER_BYTES + wholeBytes + skipped + (journal.tail?.bytes ?? 0), size)
        assert.is(journal.statistics().bytes, size - (journal.tail?.bytes ?? 0))
        for (const part of journal.damaged) {
          const from = written.find((record) => record.from === part.offset)
          assert.ok(from && !whole.includes(from), 'damage begins where a record did')
        }

        const now = await play(journal, after, whole)
        await journal.close()
        assert.equal(await contents(path, OPTIONS), replay(now))
      },
    ),
    { numRuns: RUNS },
  )
})

test('a cut at every single byte', async () => {
  const ids = ['a', 'b', 'c', 'a', 'd']
  const steps = ids.map((id, i): Step => {
    return { do: i === 3 ? 'end' : 'accept', id, bytes: 3, together: true }
  })
  const { path, written } = await made(steps)
  const bytes = readFileSync(path)
  for (let size = bytes.length; size >= 0; size--) {
    writeFileSync(path, bytes.subarray(0, size))
    const expected = replay(written.filter(({ to }) => to <= size))
    assert.equal(await contents(path, OPTIONS), expected, `cut at ${size}`)
  }
})

test('a flip of every single byte, header included', async () => {
  const steps = ['a', 'b', 'c'].map((id): Step => ({ do: 'accept', id, bytes: 3, together: true }))
  const { path, written } = await made(steps)
  const bytes = readFileSync(path)
  for (let at = 0; at < bytes.length; at++) {
    const copy = Buffer.from(bytes)
    copy[at] = (copy[at] as number) ^ 0x80
    writeFileSync(path, copy)
    const expected = replay(written.filter(({ from, to }) => at < from || at >= to))
    assert.equal(await contents(path, OPTIONS), expected, `flip at ${at}`)
  }
})

test('a body that is a journal, even this one as it was, is a body', async () => {
  const path = journalPath()
  const first = await Journal.open(path, OPTIONS)
  await first.accepted('a', sample('a'))
  await first.close()
  const itself = readFileSync(path)
  const journal = await Journal.open(path, OPTIONS)
  journal.ended('a', 'done')
  await journal.accepted('b', [itself, itself.subarray(HEADER_BYTES), itself])
  await journal.accepted('c', sample('c'))
  await journal.close()
  const bytes = readFileSync(path)
  bytes[itself.length + endedEntry('a', 'done').size + 8] = 0xff // the reader looks into b's body
  writeFileSync(path, bytes)
  assert.equal(await contents(path, OPTIONS), [['c', inHex(sample('c'))]])
})

test('the record after a damage is found where chunks of the file meet, too', async () => {
  const chunk = 1024 * 1024
  for (const inFirstChunk of [0, 1, 2, 3, 4, 12, 13, 14]) {
    const path = journalPath()
    const journal = await Journal.open(path, OPTIONS)
    const around = framesEntry(ACCEPTED, 'a', sample('a', 0)).size
    await journal.accepted('a', sample('a', chunk - inFirstChunk - around))
    await journal.accepted('b', sample('b'))
    await journal.close()
    const bytes = readFileSync(path)
    bytes[HEADER_BYTES] = (bytes[HEADER_BYTES] as number) ^ 1
    writeFileSync(path, bytes)
    assert.equal(await contents(path, OPTIONS), [['b', inHex(sample('b'))]], `${inFirstChunk}`)
  }
})

test('damage is reported with its offset; zeros at the end are a tail', async () => {
  const steps = ['a', 'b', 'c'].map((id): Step => ({ do: 'accept', id, bytes: 9, together: true }))
  const { path, written } = await made(steps)
  const bytes = readFileSync(path)
  const second = written[1] as Written
  bytes[second.from + 20] = 0xff
  writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(5000)]))
  const reports: string[] = []
  const journal = await Journal.open(path, { ...OPTIONS, report: (text) => reports.push(text) })
  const { from: offset, to } = second
  assert.equal(journal.damaged, [{ offset, bytes: to - offset }])
  assert.equal(journal.tail, { offset: bytes.length, bytes: 5000 })
  assert.is(reports.length, 2)
  assert.match(reports[0] ?? '', new RegExp(`${to - offset} bytes at ${offset} are damaged`))
  await journal.close()
})

test('damage over more than a chunk, and records across chunks', async () => {
  const path = journalPath()
  const journal = await Journal.open(path, OPTIONS)
  const ids = Array.from({ length: 40 }, (_, i) => `m${i}`)
  for (const id of ids) await journal.accepted(id, sample(id, 150_001))
  await journal.close()
  const bytes = readFileSync(path)
  bytes.fill(0, 1_000_000, 4_500_000)
  writeFileSync(path, bytes)
  const size = (bytes.length - HEADER_BYTES) / 40 // two sizes of id: about
  const found = (await contents(path, OPTIONS)).map(([id]) => id)
  assert.ok(found.length >= 40 - 3_500_000 / size - 2, `${found.length} of 40`)
  assert.equal(found.slice(0, 5), ids.slice(0, 5))
  assert.is(found.at(-1), 'm39')
})

test.run()

// Messages that are replaced, letters, starts: whatever comes, in whatever order, cut at any byte and
// compacted at any time, a journal gives back what the model says.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../src/core/errors.ts'
import { Journal, type JournalOptions } from '../../src/manager/journal/journal.ts'
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
import {
  type Contents,
  play,
  recoveredFrom,
  replay,
  step,
  type Written,
} from '../support/journal-model.ts'

const LIMIT_MS = 60_000
const OPTIONS = { fsync: 'never', compactBytes: Number.MAX_SAFE_INTEGER, report: () => {} } as const

/** Bytes of version 1: accepted a, b, ü; ended b and a; accepted c, and a again. */
const VERSION_1 = Buffer.from(
  '5a4d4a524e4c010a89d5e88d459452b65a4d4a524e4c010a89d5e88d459452b689d5e88d7e9fbc5a0000001e010001610300' +
    '0000010000000a00000003747b226964223a2261227d01020389d5e88dc02fc9340000001e010001620300000001000000' +
    '0a00000003747b226964223a2262227d01020389d5e88d33b6846500000020010002c3bc03000000010000000b00000003' +
    '747b226964223a22c3bc227d01020389d5e88d47e0d45d0000000202046289d5e88d6e13757e00000004010001630089d5' +
    'e88d1a1e5fc50000000202036189d5e88d7d494bf60000000d010001610100000005616761696e',
  'hex',
)

async function recoveredAt(path: string, options: JournalOptions = OPTIONS): Promise<Contents> {
  const journal = await Journal.open(path, options)
  try {
    return await recoveredFrom(journal)
  } finally {
    await journal.close()
  }
}

/** Whether this is what `written` says; of what is about to end, a compaction may leave less. */
function isBetween(found: Contents, written: readonly Written[], upcoming: Written[]): boolean {
  const about = (...kinds: string[]): Set<string> =>
    new Set(upcoming.filter(({ what }) => kinds.includes(what)).map(({ id }) => id))
  const { live, letters } = replay(written)
  return (
    isWithout(found.live, live, about('end')) &&
    isWithout(found.letters, letters, about('take', 'bury', 'accept'))
  )
}

/** Whether `found` is `all`, whatever it says of these. */
function isWithout<T extends readonly [string, ...unknown[]]>(
  found: readonly T[],
  all: readonly T[],
  open: ReadonlySet<string>,
): boolean {
  const sure = (of: readonly T[]): string => JSON.stringify(of.filter(([id]) => !open.has(id)))
  return sure(found) === sure(all)
}

/** Has the journal compacted. */
async function compact(journal: Journal): Promise<void> {
  const { compactions } = journal.statistics()
  for (let i = 0; journal.statistics().compactions === compactions; i++) {
    await journal.accepted(`filler ${i}`, sample('filler', 4000))
    journal.ended(`filler ${i}`, 'done')
  }
}

test('cut at any byte: recovery is what the whole records say, and it goes on from there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.array(step, { maxLength: 10 }),
      async (before, cut, after) => {
        const path = journalPath()
        const first = await Journal.open(path, OPTIONS)
        const written = await play(first, before, [])
        await first.close()
        const bytes = readFileSync(path)
        assert.is(bytes.length, written.at(-1)?.to ?? HEADER_BYTES)
        assert.equal(await recoveredAt(path), replay(written))

        const size = HEADER_BYTES + Math.round((bytes.length - HEADER_BYTES) * cut)
        writeFileSync(path, bytes.subarray(0, size))
        const whole = written.filter(({ to }) => to <= size)
        const journal = await Journal.open(path, OPTIONS)
        assert.equal(await recoveredFrom(journal), replay(whole))
        const now = await play(journal, after, whole)
        const { live, letters } = journal.statistics()
        await journal.close()
        const expected = replay(now)
        assert.equal([live, letters], [expected.live.length, expected.letters.length])
        assert.equal(await recoveredAt(path), expected)
      },
    ),
    { numRuns: 80 },
  )
})

test('flips cost the records they hit: what is left says what is there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 3 }),
      async (steps, flips) => {
        const path = journalPath()
        const journal = await Journal.open(path, OPTIONS)
        const written = await play(journal, steps, [])
        await journal.close()
        const bytes = readFileSync(path)
        const records = bytes.length - HEADER_BYTES
        const hit = new Set(
          records > 0 ? flips.map((at) => HEADER_BYTES + Math.floor(at * records)) : [],
        )
        for (const at of hit) bytes[at] = (bytes[at] as number) ^ 0x10
        writeFileSync(path, bytes)
        const isWhole = ({ from, to }: Written) => ![...hit].some((at) => at >= from && at < to)
        assert.equal(await recoveredAt(path), replay(written.filter(isWhole)))
      },
    ),
    { numRuns: 60 },
  )
})

test('compactions, one after the other and over restarts, change nothing', async () => {
  const parts = fc.array(fc.array(step, { maxLength: 12 }), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(parts, fc.boolean(), async (rounds, reopens) => {
      const path = journalPath()
      const options = { ...OPTIONS, compactBytes: 3000, report: assert.unreachable } as const
      let journal = await Journal.open(path, options)
      let written: Written[] = []
      for (const steps of rounds) {
        written = await play(journal, steps, written)
        await compact(journal)
        if (!reopens) continue
        await journal.close()
        journal = await Journal.open(path, options)
        assert.equal(await recoveredFrom(journal), replay(written))
      }
      const { live, letters } = journal.statistics()
      await journal.close()
      const expected = replay(written)
      assert.equal([live, letters], [expected.live.length, expected.letters.length])
      assert.equal(await recoveredAt(path), expected)
    }),
    { numRuns: 30 },
  )
})

test('a crash before any operation leaves a state between what was sure and what was begun', async () => {
  const steps = fc.sample(step, { numRuns: 500, seed: 7 })
  const path = journalPath()
  const states: (readonly Written[])[] = [[]]
  let sure = 0
  const crashes: { file: string; from: number; to: number }[] = []
  const crash = (): void => {
    if (crashes.length >= 300 || !existsSync(path)) return
    const file = `${path}-crash-${crashes.length}`
    copyFileSync(path, file)
    if (existsSync(`${path}.new`)) copyFileSync(`${path}.new`, `${file}.new`)
    crashes.push({ file, from: sure, to: states.length - 1 })
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
  const options = { ...OPTIONS, fsync: 'always', compactBytes: 3000 } as const
  const journal = await Journal.open(path, options)
  await withFileFaults(path, before, async () => {
    await play(journal, steps, [], (all, isSure) => {
      if (isSure) sure = states.length - 1
      else states.push([...all])
    })
  })
  assert.ok(journal.statistics().compactions > 5, `${journal.statistics().compactions} compactions`)
  await journal.close()
  assert.ok(crashes.length > 200, `${crashes.length} crashes`)
  for (const { file, from, to } of crashes) {
    const found = await recoveredAt(file)
    const begun = states[to] as Written[]
    const possible = states.slice(from, to + 1)
    const fits = possible.some((written) => isBetween(found, written, begun.slice(written.length)))
    assert.ok(fits, `${file}: ${JSON.stringify(found).slice(0, 300)}`)
  }
})

test('messages of any age keep their place when they are replaced, also where chunks meet', async () => {
  const path = journalPath()
  const journal = await Journal.open(path, OPTIONS)
  const ids = Array.from({ length: 30 }, (_, i) => `m${i}`)
  for (const id of ids) await journal.accepted(id, sample(id, 100_000))
  for (const id of ['m3', 'm29', 'm0']) await journal.replaced(id, sample(`${id}, later`, 90_000))
  await journal.close()
  const found = await contents(path, OPTIONS)
  assert.equal(
    found.map(([id]) => id),
    ids,
  )
  assert.equal(found[3]?.[1], inHex(sample('m3, later', 90_000)))
})

test('what is replaced before it is on file, or together with its acceptance', async () => {
  const path = journalPath()
  const journal = await Journal.open(path, OPTIONS)
  const both = [journal.accepted('a', sample('a')), journal.replaced('a', sample('later'))]
  await Promise.all(both)
  await journal.replaced('never heard of', sample('x'))
  await journal.close()
  assert.equal(await contents(path, OPTIONS), [['a', inHex(sample('later'))]])
})

test('a disk that is full keeps what was there before; what was not accepted cannot be replaced', async () => {
  const path = journalPath()
  const journal = await Journal.open(path, { ...OPTIONS, fsync: 'always' })
  await journal.accepted('a', sample('a'))
  await journal.accepted('dead', sample('dead'))
  const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  const codes: string[] = []
  const failing = (promise: Promise<void>) =>
    promise.catch((error: ZmqError) => void codes.push(error.code))
  let late: Promise<void> | undefined
  await withFileFaults(
    path,
    () => ({ write: () => Promise.reject(full) }),
    async () => {
      const lost = failing(journal.accepted('b', sample('b')))
      await new Promise((resolve) => setImmediate(resolve)) // b is being written, in vain
      late = journal.replaced('b', sample('of b'))
      const kept = failing(journal.replaced('a', sample('not on file')))
      journal.buried('dead', sample('letter'))
      await within(LIMIT_MS, Promise.all([lost, kept]), 'both fail')
    },
  )
  await late
  assert.ok(codes.length >= 1 && codes.every((code) => code === 'ENOSPC'), codes.join())
  await journal.replaced('a', sample('on file'))
  await journal.close()
  const { live: messages, letters } = await recoveredAt(path)
  assert.equal(messages, [['a', inHex(sample('on file')), true, 0]])
  assert.equal(letters, [['dead', inHex(sample('letter'))]], 'what nobody waits for is tried again')
})

test('while the disk is full, nobody waits behind a large record that is to be tried again', async () => {
  const path = journalPath()
  const journal = await Journal.open(path, OPTIONS)
  await journal.accepted('dead', sample('dead'))
  const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  const act = async (): Promise<unknown> => {
    journal.buried('dead', sample('letter', 2 ** 21)) // more than one write takes
    return journal.accepted('a', sample('a')).catch((error) => error.code)
  }
  const write = () => Promise.reject(full)
  const refused = withFileFaults(
    path,
    () => ({ write }),
    () => within(LIMIT_MS, act(), 'it fails'),
  )
  assert.is(await refused, 'ENOSPC')
  await journal.accepted('b', sample('b'))
  await journal.close()
  const { live: messages, letters } = await recoveredAt(path)
  assert.equal(messages, [['b', inHex(sample('b')), false, 0]])
  assert.equal(letters, [['dead', inHex(sample('letter', 2 ** 21))]])
})

test('a letter whose message is on file again is no letter any more, whoever died when', async () => {
  const path = journalPath()
  const journal = await Journal.open(path, OPTIONS)
  await journal.accepted('a', sample('a'))
  journal.buried('a', sample('letter'))
  await journal.accepted('a', sample('a'))
  copyFileSync(path, `${path}.killed`) // before anybody could say that the letter is taken
  const killed = { live: [['a', inHex(sample('a')), false, 0]], letters: [] }
  assert.equal(await recoveredAt(`${path}.killed`), killed)
  journal.ended('a', 'done')
  await journal.close()
  assert.equal(await recoveredAt(path), { live: [], letters: [] })
})

test('a file of version 1 is read, goes on, and is of the new version then, in both its headers', async () => {
  const path = journalPath()
  writeFileSync(path, VERSION_1)
  const old = [
    ['ü', ['t', '{"id":"ü"}', '\x01\x02\x03'], false, 0],
    ['c', [], false, 0],
    ['a', ['again'], false, 0],
  ].map(([id, frames, ...rest]) => {
    return [id, (frames as string[]).map((text) => Buffer.from(text).toString('hex')), ...rest]
  })
  const journal = await Journal.open(path, {
    ...OPTIONS,
    report: (text) => assert.unreachable(text),
  })
  assert.equal(await recoveredFrom(journal), { live: old, letters: [] } as unknown as Contents)
  await journal.replaced('c', sample('c'))
  journal.buried('a', sample('letter'))
  await journal.close()
  const { live: now, letters } = await recoveredAt(path)
  assert.equal(
    now.map(([id, , isReplaced]) => [id, isReplaced]),
    [
      ['ü', false],
      ['c', true],
    ],
  )
  assert.is(letters[0]?.[0], 'a')
  const bytes = readFileSync(path)
  assert.equal([bytes[6], bytes[22]], [2, 2])
  assert.equal(bytes.subarray(HEADER_BYTES, VERSION_1.length), VERSION_1.subarray(HEADER_BYTES))
})

test('a file of a version that is newer is refused as that, and stays as it is', async () => {
  const path = journalPath()
  const copy = Buffer.concat([Buffer.from('ZMJRNL\x03\n'), Buffer.alloc(8, 0x81)])
  copy.writeUInt32BE(crc32(copy.subarray(0, 12)), 12)
  const newer = Buffer.concat([copy, copy, Buffer.from('records')])
  writeFileSync(path, newer)
  const error = await Journal.open(path, OPTIONS).catch((reason) => reason)
  assert.is(error.code, 'EINVAL')
  assert.match(error.message, /of version 3, newer than this zmanager/)
  assert.equal(readFileSync(path), newer)
})

test('a crash while the header is made new leaves a journal', async () => {
  const path = journalPath()
  writeFileSync(path, VERSION_1)
  await recoveredAt(path)
  const renewed = readFileSync(path)
  for (let cut = 0; cut <= 32; cut++) {
    const torn = Buffer.from(VERSION_1) // its second half is written first
    const halves = [...renewed.subarray(16, 32), ...renewed.subarray(0, 16)]
    for (let i = 0; i < cut; i++) torn[(i + 16) % 32] = halves[i] as number
    writeFileSync(path, torn)
    assert.is((await recoveredAt(path)).live.length, 3, `${cut} bytes`)
  }
})

test('letters are read before messages, and after a close nothing is written', async () => {
  const path = journalPath()
  const journal = await Journal.open(path, OPTIONS)
  await journal.accepted('a', sample('a'))
  journal.buried('a', sample('letter'))
  assert.not(journal.has('a'))
  await journal.close()
  journal.buried('b', sample('b'))
  journal.taken('a')
  const refused = await journal.replaced('a', sample('a')).catch((error) => error)
  assert.instance(refused, ZmqError)
  assert.is(refused.code, 'EBADF')
  const next = await Journal.open(path, OPTIONS)
  assert.equal(await live(next), [])
  const late = await next
    .letters()
    .next()
    .catch((error) => error)
  assert.is(late.code, 'EFSM')
  await next.close()
  assert.equal((await recoveredAt(path)).letters, [['a', inHex(sample('letter'))]])
})

test.run()

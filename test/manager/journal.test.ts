// The journal: what it gives back, who may have it, what it says when something is wrong.
import { spawn } from 'node:child_process'
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Journal, type JournalOptions } from '../../src/manager/journal/journal.ts'
import { coded } from '../support/coded.ts'
import { within } from '../support/index.ts'
import {
  contents,
  inHex,
  journalPath,
  live,
  sample,
  withFileFaults,
} from '../support/journal-files.ts'

const LIMIT_MS = 20_000
const CHILD = fileURLToPath(new URL('../support/journal-child.ts', import.meta.url))

async function rejects(promise: Promise<unknown>, code: string, text = /./): Promise<void> {
  const error = await within(LIMIT_MS, promise, code).then(
    () => assert.unreachable(`${code} was expected`),
    (reason) => reason,
  )
  assert.ok(coded(code)(error), `${error.code}: ${error.message}`)
  assert.match(error.message, text)
}

const quiet = { report: () => {} }

for (const fsync of ['always', 'interval', 'never'] as const) {
  test(`what was accepted and not ended comes back, in order (${fsync})`, async () => {
    const path = journalPath()
    const journal = await Journal.open(path, { fsync, intervalMs: 1 })
    assert.equal(await live(journal), [])
    const ids = ['a', 'b', 'c', 'd', 'ü😀']
    await Promise.all(ids.map((id) => journal.accepted(id, sample(id))))
    journal.ended('b', 'done')
    journal.ended('d', 'failed')
    journal.ended('never heard of', 'done')
    await journal.accepted('b', sample('again'))
    await journal.close()
    const expected = ['a', 'c', 'ü😀'].map((id) => [id, inHex(sample(id))])
    assert.equal(await contents(path), [...expected, ['b', inHex(sample('again'))]])
    assert.equal((await contents(path)).length, 4, 'reading changes nothing')
  })
}

test('frames of any number and size come back: none, empty, larger than a batch', async () => {
  const path = journalPath()
  const journal = await Journal.open(path)
  const messages = [[], [Buffer.alloc(0)], [Buffer.alloc(3_000_000, 'x'), Buffer.from('y')]]
  await Promise.all(messages.map((message, i) => journal.accepted(`${i}`, message)))
  await journal.close()
  const expected = messages.map((message, i) => [`${i}`, inHex(message)])
  assert.equal(await contents(path), expected)
})

test('what ended before its turn is left out, and there is one reading', async () => {
  const path = journalPath()
  const first = await Journal.open(path)
  await Promise.all(['a', 'b', 'c'].map((id) => first.accepted(id, sample(id))))
  await first.close()
  const journal = await Journal.open(path)
  const messages = journal.recovered()
  assert.is((await messages.next()).value.id, 'a')
  journal.ended('b', 'done')
  assert.is((await messages.next()).value.id, 'c')
  assert.is((await messages.next()).done, true)
  await rejects(journal.recovered().next(), 'EFSM')
  await journal.close()
  assert.equal((await contents(path)).length, 2)
})

test('many accepts share few writes and syncs', async () => {
  const journal = await Journal.open(journalPath(), { fsync: 'always' })
  const accepting = Array.from({ length: 1000 }, (_, i) => journal.accepted(`${i}`, sample('x')))
  await within(LIMIT_MS, Promise.all(accepting), '1000 accepts')
  const { writes, syncs, live } = journal.statistics()
  assert.equal({ writes, syncs, live }, { writes: 1, syncs: 1, live: 1000 })
  await journal.close()
})

test("'always' resolves after the sync, 'interval' syncs later, 'never' does not", async () => {
  const syncs: string[] = []
  const path = journalPath()
  const count = (real: { datasync(): Promise<void> }) => ({
    datasync(this: unknown) {
      syncs.push('sync')
      return real.datasync.call(this)
    },
  })
  await withFileFaults(path, count, async () => {
    for (const fsync of ['always', 'interval', 'never'] as const) {
      const journal = await Journal.open(`${path}-${fsync}`, { fsync, intervalMs: 100_000 })
      syncs.length = 0
      await journal.accepted('a', sample('a'))
      assert.is(syncs.length, fsync === 'always' ? 1 : 0, fsync)
      await journal.close()
      assert.is(syncs.length, { always: 2, interval: 1, never: 0 }[fsync], fsync)
    }
  })
})

test('a full disk rejects what did not fit and spoils nothing', async () => {
  const path = journalPath()
  const reports: string[] = []
  const journal = await Journal.open(path, { report: (text) => reports.push(text) })
  await journal.accepted('before', sample('before'))
  const full = (real: { write: unknown }) => ({
    async write(this: unknown, bytes: Buffer, from: number, length: number, at: number) {
      const write = real.write as (...args: unknown[]) => Promise<void>
      await write.call(this, bytes, from, Math.floor(length * 0.7), at)
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    },
  })
  await withFileFaults(path, full, async () => {
    journal.ended('before', 'done')
    const lost = ['x', 'y', 'z'].map((id) => journal.accepted(id, sample(id)))
    for (const one of lost) await rejects(one, 'ENOSPC')
    await rejects(journal.accepted('x', sample('x')), 'ENOSPC')
  })
  assert.is(reports.length, 1)
  assert.is(statSync(path).size, journal.statistics().bytes)
  await journal.accepted('x', sample('x'))
  await journal.close()
  assert.equal(await contents(path), [['x', inHex(sample('x'))]])
})

test('after a sync that failed the journal promises nothing any more', async () => {
  const path = journalPath()
  const journal = await Journal.open(path, { fsync: 'always', ...quiet })
  await journal.accepted('a', sample('a'))
  const broken = () => ({
    datasync: () => Promise.reject(Object.assign(new Error('i/o error'), { code: 'EIO' })),
  })
  await withFileFaults(path, broken, () => rejects(journal.accepted('b', sample('b')), 'EIO'))
  await rejects(journal.accepted('c', sample('c')), 'EIO', /open the journal again/)
  await rejects(journal.close(), 'EIO')
  assert.is((await contents(path))[0]?.[0], 'a')
})

test('bad input is refused with a code', async () => {
  const path = journalPath()
  const options = { fsync: 'sometimes' } as unknown as JournalOptions
  await rejects(Journal.open(path, options), 'EINVAL', /'always', 'interval' or 'never'/)
  await rejects(Journal.open(path, { intervalMs: 0 }), 'EINVAL')
  await rejects(Journal.open(path, { compactBytes: -1 }), 'EINVAL')
  await rejects(Journal.open(''), 'EINVAL')
  await rejects(Journal.open('/nowhere/at/all'), 'ENOENT')
  await rejects(Journal.open(fileURLToPath(new URL('.', import.meta.url))), 'EISDIR')
  const journal = await Journal.open(path)
  await rejects(journal.accepted('\ud800', sample('x')), 'EINVAL', /surrogate/)
  await rejects(journal.accepted('x'.repeat(2000), sample('x')), 'EINVAL')
  await rejects(journal.accepted('x', Array(300).fill(Buffer.alloc(0))), 'EINVAL')
  await rejects(journal.accepted('x', [Buffer.alloc(256 * 1024 * 1024)]), 'EMSGSIZE')
  const twice = [journal.accepted('x', sample('x')), journal.accepted('x', sample('x'))]
  await rejects(twice[1] as Promise<void>, 'EINVAL', /live message with the id x/)
  await twice[0]
  await journal.close()
  await rejects(journal.accepted('y', sample('y')), 'EBADF')
  assert.equal(await contents(path), [['x', inHex(sample('x'))]])
})

test("a file that is no journal stays as it is, and so does somebody's short text", async () => {
  for (const content of ['# my notes', 'x'.repeat(1000)]) {
    const path = journalPath()
    writeFileSync(path, content)
    await rejects(Journal.open(path), 'EINVAL', /a path of its own/)
    assert.is(readFileSync(path, 'utf8'), content)
  }
})

test('a folder one may not write in is EACCES', async () => {
  const path = journalPath()
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65534)
  else if (process.platform === 'win32') return
  const opening = Journal.open(isRoot ? path : '/zmanager.journal')
  await rejects(opening, 'EACCES').finally(() => isRoot && process.seteuid?.(0))
})

test('one journal has one user: EBUSY names the process, also by another name of the file', async () => {
  const path = journalPath()
  const journal = await Journal.open(path)
  await rejects(Journal.open(path), 'EBUSY', new RegExp(`process ${process.pid} `))
  symlinkSync(path, `${path}-link`)
  await rejects(Journal.open(`${path}-link`), 'EBUSY')
  await journal.close()
  assert.equal(await contents(`${path}-link`), [])
})

test('a lock counts while its process lives, and not after a kill', async () => {
  const path = journalPath()
  const args = ['--import', import.meta.resolve('tsx'), CHILD, path, 'never', '1e9', 'x']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  const open = new Promise((resolve) => child.stdout.once('data', resolve))
  child.stdout.on('data', () => {})
  await within(LIMIT_MS, open, 'the child has the journal')
  await rejects(Journal.open(path), 'EBUSY', new RegExp(`process ${child.pid} `))
  child.kill('SIGKILL')
  await within(LIMIT_MS, gone, 'the child is dead')
  assert.ok(Array.isArray(await contents(path)))
})

test('a lock of a process that only has the same number is stale; one of elsewhere is not', async () => {
  const path = journalPath()
  const journal = await Journal.open(path)
  const holder = JSON.parse(readFileSync(`${path}.lock`, 'utf8'))
  await journal.close()
  const lock = (change: object): void =>
    writeFileSync(`${path}.lock`, JSON.stringify({ ...holder, ...change }))
  if (holder.birth) {
    lock({ birth: 'another boot 1' })
    assert.equal(await contents(path), [])
  }
  lock({ host: 'elsewhere.example' })
  await rejects(Journal.open(path), 'EBUSY', /on elsewhere\.example.*remove/)
  writeFileSync(`${path}.lock`, 'what?')
  await rejects(Journal.open(path), 'EBUSY', /remove/)
})

test.run()

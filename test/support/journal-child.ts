// A process that accepts and ends messages until it is killed: node --import tsx journal-child.ts
// path fsync compactBytes prefix [log lines]. To the log go `e id` before a message ends and `a id`
// after it was accepted; every third is never ended, but replaced, and then `r id` follows. Prints `open` when it has the journal and
// `enough` when the log has so many lines, and goes on.
import { openSync, writeSync } from 'node:fs'
import { type FsyncPolicy, Journal } from '../../src/manager/journal/journal.ts'
import { sample } from './journal-files.ts'

const [path, fsync, compactBytes, prefix, log, lines] = process.argv.slice(2) as string[]
const journal = await Journal.open(path as string, {
  fsync: fsync as FsyncPolicy,
  compactBytes: Number(compactBytes),
})
const to = log === undefined ? undefined : openSync(log, 'w')
let said = 0

function say(text: string): void {
  if (to !== undefined) writeSync(to, `${text}\n`)
  if (++said === Number(lines)) console.log('enough')
}

async function producer(name: number): Promise<never> {
  for (let i = 0; ; i++) {
    const id = `${prefix}-${name}-${i}`
    await journal.accepted(id, sample(id, 100))
    say(`a ${id}`)
    if (i % 3 === 0) {
      await journal.replaced(id, sample(id, 50))
      say(`r ${id}`)
      continue
    }
    say(`e ${id}`)
    journal.ended(id, 'done')
  }
}
console.log('open')
await Promise.all([1, 2, 3, 4, 5].map(producer))

// A process with a ZManager that keeps a journal: node --import tsx journal-manager.ts ini log count.
// Pushes `count` messages into the flow Slow, ten at a time; their ids go to the log once they were
// accepted, a line each. Prints `idle` when all it has, and had from earlier, has ended, and ends.
import { openSync, writeSync } from 'node:fs'
import { ZManager } from '../../src/index.ts'

const [ini, log, count] = process.argv.slice(2) as [string, string, string]
const accepted = openSync(log, 'a')
const manager = ZManager.fromFile(ini)
await manager.start()
let left = Number(count)

async function producer(): Promise<void> {
  while (left-- > 0) {
    const id = await manager.push('Slow', { n: left })
    writeSync(accepted, `${id}\n`)
  }
}
await Promise.all(Array.from({ length: 10 }, producer))
await manager.drain()
console.log('idle')
await manager.stop()

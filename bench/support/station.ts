// Entry of a child process of a measurement: holds one seat or several, inline or in worker
// threads. A native crash or an endless loop stays in here; who asked kills what does not answer.
//
// Usage (by party.ts): station.ts <inline|threads> <seat>...

import { type Handler, type Question, reply } from './protocol.ts'

const [where, ...seats] = process.argv.slice(2)
const sides = new Map<string, Promise<Handler>>()
for (const seat of seats) sides.set(seat, makeSide(seat))

async function makeSide(seat: string): Promise<Handler> {
  if (where === 'threads') return new (await import('./thread.ts')).SideThread(seat)
  return new (await import('./side.ts')).Side()
}

process.on('disconnect', () => process.exit())
process.on('message', async (question: Question) => {
  const side = sides.get(question.seat)
  if (side) process.send?.(await reply(await side, question))
})

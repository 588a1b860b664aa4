// Entry of a child process of the matrix: holds one side or both, inline or in worker threads.
// A native crash or an endless loop stays in here; the matrix kills what does not answer.
//
// Usage (by party.ts): station.ts <inline|threads> <role>...

import { type Handler, type Question, type Role, reply } from './protocol.ts'

const [where, ...roles] = process.argv.slice(2)
const sides = new Map<string, Promise<Handler>>()
for (const role of roles) sides.set(role, makeSide(role as Role))

async function makeSide(role: Role): Promise<Handler> {
  if (where === 'threads') return new (await import('./thread.ts')).SideThread(role)
  return new (await import('./side.ts')).Side()
}

process.on('disconnect', () => process.exit())
process.on('message', async (question: Question) => {
  const side = sides.get(question.role)
  if (side) process.send?.(await reply(await side, question))
})

// Entry of a worker thread: a side that is told what to do by messages.

import { parentPort } from 'node:worker_threads'
import { type Question, reply } from './protocol.ts'
import { Side } from './side.ts'

const side = new Side()
parentPort?.on('message', async (question: Question) => {
  parentPort?.postMessage(await reply(side, question))
})

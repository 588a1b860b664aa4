// A worker thread with a REP that answers each request with the thread it came from.
import { threadId, workerData } from 'node:worker_threads'
import { Reply } from '../../src/index.ts'

const replier = new Reply()
replier.connect(workerData as string)
for await (const [body] of replier) await replier.send(`${body} from thread ${threadId}`)

// What a worker's thread or process runs: one RoutingWorker, made from the data it was started with.

import './index.ts'
import { askedToLeave, hostData, reportReady } from './manager/host/hosted.ts'
import { RoutingWorker, type WorkerSettings } from './manager/worker/worker.ts'

/** What handlers' modules keep open (timers, pools of connections) keeps no worker longer than this. */
const LAST_WORDS_MS = 2000

const worker = new RoutingWorker(await hostData<WorkerSettings>())
await worker.start()
void askedToLeave().then(() => worker.leave())
reportReady()
await worker.run()
setTimeout(() => process.exit(0), LAST_WORDS_MS).unref()

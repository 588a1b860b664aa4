// What a worker's thread or process runs: one RoutingWorker, made from the data it was started with.

import './index.ts'
import { askedToLeave, hostData, reportReady } from './manager/host/hosted.ts'
import { RoutingWorker, type WorkerSettings } from './manager/worker/worker.ts'

const worker = new RoutingWorker(await hostData<WorkerSettings>())
await worker.start()
void askedToLeave().then(() => worker.leave())
reportReady()
await worker.run()

// The entry of a worker thread: one RoutingWorker, made from the thread's data.

import './index.ts'
import { parentPort, workerData } from 'node:worker_threads'
import { RoutingWorker, type WorkerSettings } from './manager/worker.ts'

const worker = new RoutingWorker(workerData as WorkerSettings)
await worker.start()
parentPort?.postMessage('ready')
await worker.run()

// Worker threads that run a .ts file. Node 20 cannot start one from a .ts path under tsx, so the
// worker begins with a line of JavaScript that registers tsx and imports the file.
import { Worker } from 'node:worker_threads'

/** Starts `url` (a .ts file) in a worker thread. */
export function startWorker(url: URL, workerData?: unknown): Worker {
  const boot = `import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(({ register }) => {
    register()
    return import(${JSON.stringify(url.href)})
  })`
  return new Worker(boot, { eval: true, execArgv: [], workerData })
}

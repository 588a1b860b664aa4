// Starts a worker in a thread of this process, from compiled files or straight from TypeScript.

import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { asZmqError, ZmqError } from '../core/errors.ts'
import type { WorkerSettings } from './worker.ts'

const TYPESCRIPT = /\.[cm]?ts$/
const main = new URL(
  TYPESCRIPT.test(import.meta.url) ? '../worker-main.ts' : './worker-main.js', // the build is flat
  import.meta.url,
)

/** Rejects, with the thread's own error, if the worker did not get ready; `signal` ends the attempt. */
export async function startWorkerThread(
  settings: WorkerSettings,
  signal: AbortSignal,
): Promise<Worker> {
  signal.throwIfAborted()
  const thread = new Worker(bootCode(settings), {
    eval: true,
    workerData: settings,
    name: settings.name,
  })
  const giveUp = (): void => void thread.terminate()
  signal.addEventListener('abort', giveUp)
  await new Promise<void>((resolve, reject) => {
    thread.once('message', () => resolve())
    thread.once('error', (error) =>
      reject(asZmqError(error, `Worker ${settings.name} cannot start`)),
    )
    thread.once('exit', (code) =>
      reject(
        new ZmqError('EIO', `Worker ${settings.name} ended with code ${code} before it was ready`),
      ),
    )
  }).finally(() => signal.removeEventListener('abort', giveUp))
  thread.removeAllListeners()
  return thread
}

/** Node before 22.18 imports TypeScript with the help of tsx, in ES modules and in CommonJS. */
function bootCode({ actions }: WorkerSettings): string {
  const load = `import(${JSON.stringify(main.href)})`
  const { typescript } = process.features as { typescript?: unknown } // Node 22.18 and later
  if (typescript || !needsTypeScript(actions.map(({ text }) => text))) return load
  const tsx = resolveTsx()
  const esm = tsx.resolve('tsx/esm/api').replace(/\.cjs$/, '.mjs') // its CommonJS twin cannot register
  return `require(${JSON.stringify(tsx.resolve('tsx/cjs/api'))}).register()
    import(${JSON.stringify(pathToFileURL(esm).href)}).then(({ register }) => (register(), ${load}))`
}

function needsTypeScript(mappings: readonly string[]): boolean {
  return TYPESCRIPT.test(main.pathname) || mappings.some((text) => /\.[cm]?ts#/.test(text))
}

/** From where tsx can be resolved: this package, or the project it is used in. */
function resolveTsx(): NodeJS.Require {
  for (const from of [import.meta.url, `${process.cwd()}/`]) {
    const require = createRequire(from)
    try {
      require.resolve('tsx')
      return require
    } catch {} // not installed there: try the next place
  }
  const hint = 'npm install tsx, or name compiled .js files'
  throw new ZmqError('ENOENT', `Handlers in TypeScript need Node 22.18 or later, or tsx: ${hint}`)
}

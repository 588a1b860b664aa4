// What code that `startHost` runs knows of whoever started it, the same in a thread and in a process.

import { once } from 'node:events'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { ZmqError } from '../../core/errors.ts'

/** What a host is told when its code is ready; handlers may send other things by the same way. */
export const READY = 'zmanager:ready'

/** What a host is told when it is to end well. */
export const LEAVE = 'zmanager:leave'

/** How often a process looks whether whoever started it is there, ms. */
const LOOK_MS = 1000

/** How a process tells the error that ends it. */
export interface LastWords {
  readonly zmanagerError: {
    readonly message: string
    readonly stack?: string
    readonly code?: string
  }
}

/**
 * The `data` of `startHost`; call it once, before anything else. From then on a process ends when the
 * one that started it is gone, and leaves SIGINT, SIGTERM and SIGHUP, which a terminal and systemd send
 * to whole groups, to that one. Rejects with EFSM when nobody started this with `startHost`.
 */
export async function hostData<T>(): Promise<T> {
  if (parentPort) return workerData as T
  if (!process.send) throw new ZmqError('EFSM', 'This file is run by a ZManager, not by itself')
  process.on('uncaughtException', lastWords)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  process.on('disconnect', () => process.exit())
  if (!process.connected) process.exit()
  endWithParent()
  const [data] = await once(process, 'message')
  process.channel?.unref() // the process ends when its work does
  return data
}

/** Code that never returns keeps `disconnect` from being heard: a thread of its own looks after that. */
function endWithParent(): void {
  const look = `process.ppid === ${process.ppid} || process.kill(process.pid, 'SIGKILL')`
  const guard = new Worker(`setInterval(() => ${look}, ${LOOK_MS})`, { eval: true, execArgv: [] })
  guard.on('error', () => {}).unref() // no memory for a thread: then without it
}

/** Resolves `startHost`. */
export function reportReady(): void {
  if (parentPort) parentPort.postMessage(READY)
  else process.send?.(READY)
}

/** Resolves when whoever started this wants it to end well; does not keep it alive. */
export function askedToLeave(): Promise<void> {
  return new Promise((resolve) => {
    const hear = (message: unknown): void => {
      if (message === LEAVE) resolve()
    }
    if (parentPort) parentPort.on('message', hear).unref()
    else process.on('message', hear)
  })
}

/** As in a thread: an error that nobody catches ends it, and is told. */
function lastWords(error: unknown): void {
  if (process.listenerCount('uncaughtException') > 1) return // a handler's module sees to it
  const { message = String(error), stack, code } = (error ?? {}) as NodeJS.ErrnoException
  const zmanagerError = {
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(typeof code === 'string' ? { code } : {}),
  }
  process.send?.({ zmanagerError } satisfies LastWords) // written at once
  process.exit(1)
}

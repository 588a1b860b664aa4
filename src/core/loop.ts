// The event loop as the kernel uses it: the end of a turn, the next turn, and staying alive.
// Batching follows the loop's turns and never a timer.

import { LONGEST_MS } from './clock.ts'

type Task = () => void

const immediate: (task: Task) => void = pickImmediate()
let endOfTurn: Task[] = []

/** Runs `task` when the current turn of the event loop ends. All such tasks share one callback. */
export function atEndOfTurn(task: Task): void {
  endOfTurn.push(task)
  if (endOfTurn.length === 1) immediate(runEndOfTurn)
}

function runEndOfTurn(): void {
  const tasks = endOfTurn
  endOfTurn = []
  for (const task of tasks) task()
}

/** Settles in a later turn: what else waits (sockets, timers) gets to run in between. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => immediate(resolve))
}

function pickImmediate(): (task: Task) => void {
  const native = (globalThis as { setImmediate?: (task: Task) => unknown }).setImmediate
  if (native) return (task) => native(task)
  const { port1, port2 } = new MessageChannel()
  const waiting: Task[] = []
  Object.assign(port1, { onmessage: () => waiting.shift()?.() })
  return (task) => {
    waiting.push(task)
    port2.postMessage(0)
  }
}

let holders = 0
let keepAlive: ReturnType<typeof setInterval> | undefined

/**
 * Keeps the process alive until the returned function is called. Sockets by themselves never do
 * (as in zeromq.js): only pending operations and unsent messages that linger.
 */
export function holdProcess(): () => void {
  if (holders++ === 0) keepAlive = setInterval(() => {}, LONGEST_MS)
  let held = true
  return () => {
    if (!held) return
    held = false
    if (--holders === 0) clearInterval(keepAlive)
  }
}

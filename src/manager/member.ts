// A worker of the pool, and the place it has there.

import { randomUUID } from 'node:crypto'
import type { Worker } from 'node:worker_threads'

export interface Place {
  readonly number: number
  /** Threads in a row that died here without having ended a message. */
  deaths: number
  isLeft: boolean
  pause: NodeJS.Timeout | undefined
}

/** A worker and its thread. */
export interface Member {
  readonly name: string
  /** By which its sockets are known: nobody else can make it up. */
  readonly key: string
  readonly place: Place
  /** Messages it has begun; shared with the thread. */
  readonly begun: BigInt64Array<SharedArrayBuffer>
  /** Resolves when its thread has ended. */
  readonly over: Promise<void>
  end(): void
  thread: Worker | undefined
  /** Connected to the Subject; `opened` resolves then. */
  isAttached: boolean
  readonly opened: Promise<void>
  open(): void
  /** It is to end; resolves when it has. */
  leaving: Promise<void> | undefined
}

export function makeMember(place: Place, name: string): Member {
  const [over, end] = event()
  const [opened, open] = event()
  const begun = new BigInt64Array(new SharedArrayBuffer(8))
  const key = `${name}~${randomUUID()}`
  const state = { thread: undefined, isAttached: false, leaving: undefined }
  return { name, key, place, begun, over, end, opened, open, ...state }
}

function event(): [promise: Promise<void>, resolve: () => void] {
  let settle = (): void => {}
  const promise = new Promise<void>((resolve) => {
    settle = resolve
  })
  return [promise, settle]
}

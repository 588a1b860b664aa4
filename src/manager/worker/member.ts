// A worker of the pool, and the place it has there.

import { randomUUID } from 'node:crypto'
import type { Host, HostKind } from '../host/host.ts'
import { type Progress, progressOf } from './progress.ts'

export interface Place {
  readonly number: number
  /** Workers in a row that died here without having ended a message. */
  deaths: number
  isLeft: boolean
  pause: NodeJS.Timeout | undefined
}

/** A worker and what it runs in. */
export interface Member {
  readonly name: string
  /** By which its sockets are known: nobody else can make it up. */
  readonly key: string
  readonly place: Place
  /** Messages it has begun. */
  readonly progress: Progress
  /** Resolves when it has ended. */
  readonly over: Promise<void>
  end(): void
  /** To be aborted when it is not to come up any more. */
  readonly starting: AbortController
  host: Host | undefined
  /** Connected to the Subject; `opened` resolves then. */
  isAttached: boolean
  readonly opened: Promise<void>
  open(): void
  /** It is to end; resolves when it has. */
  leaving: Promise<void> | undefined
}

/** Throws the system's error if there is no room for what a process counts in. */
export function makeMember(place: Place, name: string, kind: HostKind): Member {
  const [over, end] = event()
  const [opened, open] = event()
  const progress = progressOf(kind)
  const key = `${name}~${randomUUID()}`
  const starting = new AbortController()
  const state = { starting, host: undefined, isAttached: false, leaving: undefined }
  return { name, key, place, progress, over, end, opened, open, ...state }
}

function event(): [promise: Promise<void>, resolve: () => void] {
  let settle = (): void => {}
  const promise = new Promise<void>((resolve) => {
    settle = resolve
  })
  return [promise, settle]
}

// What `zmanager worker` tells its operator beside the states of its workers, for all of them once: what
// they wait for, and what their file lacks.

import type { ZManagerConfig } from '../index.ts'

/** Who waits longer than this for a ZManager is told what for, ms: handlers may take a while to be imported. */
const LONG_MS = 5000

export class WorkerNotes {
  readonly #file: string
  readonly #report: (text: string) => void
  #waiting: NodeJS.Timeout | undefined // from the first that connects until one is connected
  #hasWarned = false

  constructor(file: string, report: (text: string) => void) {
    this.#file = file
    this.#report = report
  }

  /** A worker has read its file and connects. */
  connecting(config: ZManagerConfig): void {
    this.#waiting ??= setTimeout(() => this.#report(this.#waitingFor(config)), LONG_MS)
    if (config.remoteWorkers || this.#hasWarned) return
    this.#hasWarned = true
    const text = `${this.#file} has no remote_workers = yes`
    this.#report(`${text}: a ZManager that has the same file refuses workers`)
  }

  /** A worker is connected, or has ended. */
  settled(): void {
    clearTimeout(this.#waiting)
    this.#waiting = undefined
  }

  #waitingFor(config: ZManagerConfig): string {
    const addresses = [
      `${config.subjectPushAddress} (subject_push_address)`,
      `${config.integrationManagerPullAddress} (integration_manager_pull_address)`,
      `${config.integrationManagerPubAddress} (integration_manager_pub_address)`,
    ]
    const start = `start it there with zmanager run ${this.#file} --serve`
    return `waiting for a ZManager at ${addresses.join(', ')}: ${start}, or mend the addresses`
  }
}

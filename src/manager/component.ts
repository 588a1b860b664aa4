// The life of every part of a ZManager.

/** `draining`: takes nothing new and finishes what it has. */
export type State = 'new' | 'running' | 'draining' | 'stopped'

export interface Component {
  readonly state: State
  /** Resolves when the part is ready for its peers. Rejects with the reason it cannot start. */
  start(): Promise<void>
  /** Resolves when everything accepted has ended. */
  drain(): Promise<void>
  /** Ends the part now; what is under way is given up. */
  stop(): Promise<void>
}

// How the messages of a flow are treated: what its file says in lines `name = value` beside its steps.

/** What becomes of a message whose worker dies or hangs. */
export type Delivery = 'at-most-once' | 'at-least-once'

/** How the values of messages are written: MessagePack, JSON, or bytes that nobody looks into. */
export type Format = 'msgpack' | 'json' | 'raw'

export const FORMATS: readonly Format[] = ['msgpack', 'json', 'raw']

export interface FlowPolicy {
  /** `at-most-once`: it fails to its caller. `at-least-once`: another worker gets it. Default `at-most-once`. */
  readonly delivery: Delivery
  /** How often a message is given to a worker before it counts as the one that kills them. Default 3. */
  readonly attempts: number
  /** From acceptance to its end, ms; 0 = no limit. Default 0. */
  readonly timeout: number
  /** For one worker to be done with it, ms; a worker that takes longer hangs. 0 = no limit. Default 0. */
  readonly lease: number
  /** For an answer to come, at a step that waits for one, ms; 0 = no limit. Default 0. */
  readonly wait: number
  /** The value by which messages go to the same worker, in order; '' = any worker. Default ''. */
  readonly orderBy: string
  /** The format in which its messages set out, and which they keep. Default `msgpack`. */
  readonly format: Format
  /** Who says what follows a step: the flow, or, where it wants to, the step's handler. Default `flow`. */
  readonly next: 'flow' | 'handler'
}

export const DEFAULT_POLICY: FlowPolicy = Object.freeze({
  delivery: 'at-most-once',
  attempts: 3,
  timeout: 0,
  lease: 0,
  wait: 0,
  orderBy: '',
  format: 'msgpack',
  next: 'flow',
})

// What a measurement says to its parts, whether they live in processes of their own, in worker
// threads or in one thread. A part is one seat: a sender, a receiver or a device.

/** How messages are sent and taken, and by whom; all but ours are there to compare with. */
export type Mode =
  | 'zmanager await'
  | 'zmanager try'
  | 'zmanager transfer'
  | 'zmanager shared'
  | 'native await'
  | 'jszmq'
  | 'ws'
  | 'postMessage'
  | 'bare'
  | 'raw'
export type Pattern = 'push-pull' | 'req-rep' | 'pub-sub' | 'dealer-router'
export type Role = 'sender' | 'receiver' | 'device'

export interface Opening {
  readonly role: Role
  readonly pattern: Pattern
  readonly mode: Mode
  /** An endpoint to bind, or endpoints to connect; a device does both. */
  readonly bind?: string
  readonly connect?: string
  /** How many sockets the part has (subscribers). */
  readonly sockets: number
}

export interface Task {
  /** Bytes a frame. */
  readonly size: number
  readonly frames: number
  /** Messages before the timed ones. */
  readonly warm: number
  readonly count: number
}

/** Times of round trips, us; latency is half of them. */
export interface Latency {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly mean: number
  /** [upper limit in us, how many]: each limit is a quarter of an octave above the last. */
  readonly histogram: readonly (readonly [number, number])[]
}

export interface Outcome {
  /** What the timed messages took; 0 where this part is not the one that measures. */
  readonly seconds: number
  readonly latency?: Latency
}

export type Command =
  /** Makes the sockets and opens them; the answer is the endpoint that was bound. */
  | ({ type: 'open' } & Opening)
  /** Finds out whether messages get through (PUB drops them until then). */
  | { type: 'greet' }
  /** Ends the greeting, when all were greeted. */
  | { type: 'settle' }
  | ({ type: 'run' } & Task)
  | { type: 'status' }

/** The answer to each command. */
export interface Answers {
  open: string
  greet: null
  settle: null
  run: Outcome
  status: Status
}

export interface Status {
  /** Messages received in the run under way (receiver only). */
  readonly seen: number
  /** CPU time of the whole process since its start, us. */
  readonly cpuUs: number
  /** Memory of the whole process, bytes. */
  readonly rss: number
}

export type CommandType = Command['type']
export type CommandOf<T extends CommandType> = Extract<Command, { type: T }>

/** Whoever can be told what to do. */
export interface Handler {
  handle<T extends CommandType>(command: CommandOf<T>): Promise<Answers[T]>
}

/** A command or answer on its way. */
export interface Question {
  readonly id: number
  readonly seat: string
  readonly command: Command
}
export interface Reply {
  readonly id: number
  readonly answer?: unknown
  readonly error?: string
}

/** Answers a question, errors included. */
export async function reply(handler: Handler, { id, command }: Question): Promise<Reply> {
  try {
    return { id, answer: await handler.handle(command) }
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) }
  }
}

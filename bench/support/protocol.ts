// What the matrix says to the two sides of a measurement, whether they live in processes of their
// own, in worker threads or in one thread.

export type Mode = 'zmanager await' | 'zmanager try' | 'native await'
export type Role = 'sender' | 'receiver'

export type Command =
  /** Makes the socket and binds (receiver) or connects (sender); the answer is the endpoint. */
  | { type: 'open'; role: Role; mode: Mode; endpoint: string }
  /** Sends or receives `warm + count` messages; the answer is the seconds the last `count` took. */
  | { type: 'run'; size: number; warm: number; count: number }
  | { type: 'status' }
  | { type: 'close' }

/** The answer to each command. */
export interface Answers {
  open: string
  run: number
  status: Status
  close: null
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
  readonly role: Role
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

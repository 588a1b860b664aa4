// What a pattern answers to its socket: the x-hooks, named as in libzmq. A pattern implements those
// it needs; it never sees a transport.

import { ZmqError } from './errors.ts'
import type { Message } from './message.ts'
import type { Pipe } from './pipe.ts'

export abstract class PatternHooks {
  /** A pipe joined: messages may be written to it from now on. */
  protected abstract xattach(pipe: Pipe): void
  /** The pipe's peer finished a handshake, maybe not its first: tell it again what it must know. */
  protected xready(_pipe: Pipe): void {}
  /** The pipe has messages (again). */
  protected xread(_pipe: Pipe): void {}
  /** The pipe has room again. */
  protected xwrite(_pipe: Pipe): void {}
  /** The pipe is gone. */
  protected abstract xterminated(pipe: Pipe): void
  /** Takes the message or, with false, leaves it with the caller. */
  protected xsend(_message: Message): boolean {
    throw new ZmqError('EFSM', 'This socket cannot send')
  }
  /** What `receive` gives next, if there is something: a message, for most patterns. */
  protected xrecv(): unknown {
    throw new ZmqError('EFSM', 'This socket cannot receive')
  }
  /** Whether `xsend` would take a message now. */
  protected xhasOut(): boolean {
    return false
  }
  /** Messages that are out of their pipes and not yet received. */
  protected xheld(): number {
    return 0
  }
  /** Whether `xrecv` would give a message now. */
  protected xhasIn(): boolean {
    return false
  }
}

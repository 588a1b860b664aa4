// What an engine gets from who made it, a connecter or the listening side: the options it obeys, and
// an owner to ask and to tell. A connecter keeps one pipe over many engines; on the listening side
// each engine has a pipe of its own.

import type { ZmqError } from './errors.ts'
import type { HeartbeatOptions } from './heartbeat.ts'
import type { Options } from './option-types.ts'
import type { PeerInfo, Pipe } from './pipe.ts'
import type { DropReason } from './transport.ts'

/** The options an engine obeys, as they are when it is made. */
export type EngineOptions = HeartbeatOptions & Pick<Options, 'handshakeInterval'>

export interface EngineOwner {
  /** The handshake is done: which pipe is it for? Called once. */
  joined(peer: PeerInfo): Pipe
  /** A message that was to be sent will not be. */
  dropped(reason: DropReason): void
  /** The connection is over. The pipe, if any, was left but not closed. */
  ended(cause: ZmqError | undefined, pipe: Pipe | undefined): void
}

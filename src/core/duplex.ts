// Sockets that do both: `send` comes from WritableSocket, `receive` from ReadableSocket.

import { type Readable, ReadableSocket } from './readable.ts'
import { WritableSocket } from './writable.ts'

export abstract class DuplexSocket extends WritableSocket {}
export interface DuplexSocket extends Readable {}

const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(ReadableSocket.prototype)
Object.defineProperties(DuplexSocket.prototype, members)

// A relay between a client and a server that passes bytes no faster than a test allows.
import { connect, type Socket } from 'node:net'
import { rawServer } from './raw.ts'

export interface Relay {
  readonly port: number
  /** Connections that were cut off instead of ended. */
  readonly resets: number
  close(): void
}

/** Passes what clients send to `to` in steps of `bytes` per `everyMs`; the other direction freely. */
export async function relay(to: number, bytes: number, everyMs: number): Promise<Relay> {
  let resets = 0
  const server = await rawServer((client) => {
    const upstream = connect(to, '127.0.0.1').on('error', () => resets++)
    client.on('error', () => resets++)
    slowly(client, upstream, bytes, everyMs)
    upstream.on('data', (chunk) => client.write(chunk)).on('end', () => client.end())
    upstream.on('close', () => client.destroy())
    client.on('close', () => upstream.destroySoon())
  })
  return {
    port: server.port,
    get resets() {
      return resets
    },
    close: () => server.close(),
  }
}

function slowly(from: Socket, to: Socket, bytes: number, everyMs: number): void {
  const step = setInterval(() => {
    const chunk: Buffer | null = from.read(Math.min(bytes, from.readableLength) || undefined)
    if (chunk) to.write(chunk)
    if (from.readableEnded || from.destroyed) clearInterval(step)
  }, everyMs)
  from.on('readable', () => {})
  from.on('end', () => to.end())
}

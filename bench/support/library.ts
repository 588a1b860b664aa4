// The library under test: the sources, or what ZMANAGER_BENCH names (matrix --dist sets it), and
// native zeromq in the shape that both have in common, so that the very same loops run on both.

import { loadNative } from './native.ts'
import type { Mode } from './protocol.ts'

/** The environment variable that names the module to measure. */
export const LIBRARY_VARIABLE = 'ZMANAGER_BENCH'
export const DIST: string = new URL('../../dist/index.js', import.meta.url).href

export type Zmanager = typeof import('../../src/index.ts')
export type Frames = Uint8Array[]

export interface AnySocket extends AsyncIterable<Frames> {
  readonly lastEndpoint: string | null
  bind(endpoint: string): Promise<void>
  connect(endpoint: string): void
  send(message: Uint8Array | readonly Uint8Array[], options?: object): Promise<void>
  receive(): Promise<Frames>
  subscribe(...prefixes: string[]): void
  close(): unknown
}

/** What only ours have. */
export interface OurSocket extends AnySocket {
  trySend(message: Uint8Array | readonly Uint8Array[]): boolean
  tryReceive(): Frames | undefined
  receiveMany(max: number): Promise<Frames[]>
}

type Names =
  | 'Push'
  | 'Pull'
  | 'Request'
  | 'Reply'
  | 'Publisher'
  | 'Subscriber'
  | 'XPublisher'
  | 'XSubscriber'
  | 'Dealer'
  | 'Router'
export type Library = Record<Names, new (options: object) => AnySocket>

export function loadZmanager(): Promise<Zmanager> {
  const url = process.env[LIBRARY_VARIABLE] ?? new URL('../../src/index.ts', import.meta.url).href
  return import(url)
}

export function isOurs(mode: Mode): boolean {
  return mode.startsWith('zmanager')
}

export async function loadLibrary(mode: Mode): Promise<Library> {
  return (isOurs(mode) ? await loadZmanager() : await loadNative()) as unknown as Library
}

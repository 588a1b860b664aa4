// Child processes as users run theirs: plain Node on plain JavaScript. A TypeScript loader in the
// process makes V8 collect garbage again and again, which costs who allocates memory up to 2x.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { DIST, LIBRARY_VARIABLE } from './library.ts'

/** The environment variable that names the built station; without it, stations run through tsx. */
export const STATION_VARIABLE = 'ZMANAGER_BENCH_STATION'

/** From here on parties run the built library without a loader. Returns what ends that. */
export async function plainStations(): Promise<() => void> {
  const here = fileURLToPath(new URL('.', import.meta.url))
  const outdir = join(here, `.stations-${process.pid}`) // within the project, so that packages are found
  await build({
    entryPoints: [join(here, 'station.ts'), join(here, 'side-thread.ts')],
    outdir,
    bundle: true,
    splitting: true, // each actor alone, as in the sources
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    chunkNames: 'chunk-[hash]',
    outExtension: { '.js': '.mjs' },
  })
  process.env[LIBRARY_VARIABLE] = DIST
  process.env[STATION_VARIABLE] = join(outdir, 'station.mjs')
  return () => rmSync(outdir, { recursive: true, force: true })
}

// Builds dist/: tsc compiles src/, then msgpackr's JavaScript is bundled into the one file that uses
// it. Installed as a dependency, msgpackr would bring an optional native addon along.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const at = (...parts) => join(root, ...parts)
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))

rmSync(at('dist'), { recursive: true, force: true })
const tsc = [join(typescript, 'bin', 'tsc'), '-p', at('tsconfig.build.json')]
execFileSync(process.execPath, tsc, { stdio: 'inherit' })

await build({
  entryPoints: [at('dist/wire/value.js')],
  outfile: at('dist/wire/value.js'),
  allowOverwrite: true,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  conditions: ['import'],
  external: ['../core/*'],
  sourcemap: true,
  legalComments: 'none',
  banner: { js: '// Contains msgpackr, (c) Kris Zyp, MIT licence: see THIRD-PARTY-NOTICES.md' },
})

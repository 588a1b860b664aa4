// Builds dist/: declarations by tsc, JavaScript by esbuild, in few files so that importing the package
// is quick. msgpackr is bundled: installed as a dependency, it would bring an optional native addon.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

const shared = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  sourcesContent: false, // src/ is in the package
  legalComments: 'none',
  external: ['ws', 'ini', 'eventemitter3', 'socks', 'node:*'],
  mainFields: ['module', 'main'],
  conditions: ['import'],
  banner: { js: '// Contains msgpackr, (c) Kris Zyp, MIT licence: see THIRD-PARTY-NOTICES.md' },
}

await build({
  ...shared,
  entryPoints: ['index.ts', 'worker-main.ts', 'service-main.ts', 'cli/main.ts'].map((file) =>
    at('src', file),
  ),
  outdir: at('dist'),
  platform: 'node',
  splitting: true,
  chunkNames: '[name]-[hash]',
})

await build({
  ...shared,
  entryPoints: [at('src/browser.ts')],
  outdir: at('dist'),
  platform: 'neutral',
})

// esbuild calls a class that speaks of itself _Name, and users would see that when they print one.
for (const file of readdirSync(at('dist')).filter((name) => name.endsWith('.js'))) {
  const text = readFileSync(at('dist', file), 'utf8')
  const named = text.replace(/^(var (\w+) = class )_\2\b[\s\S]*?^};$/gm, (body, _head, name) =>
    body.replaceAll(new RegExp(`\\b_${name}\\b`, 'g'), name),
  )
  if (named !== text) writeFileSync(at('dist', file), named)
}

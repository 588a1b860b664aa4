// The layer law (src/ARCHITECTURE.md), read from every import statement under src.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))
const LONGEST_FILE = 300
/** The story that src/ARCHITECTURE.md tells a newcomer to read, and how long it may be. */
const STORY = [
  'core/pipe.ts',
  'patterns/push.ts',
  'patterns/lb.ts',
  'core/engine.ts',
  'transport/node/tcp.ts',
  'manager/subject.ts',
]
const LONGEST_STORY = 600

/** What each folder may import besides itself: folders, or single files of them. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  wire: ['core'],
  transport: ['core', 'wire'],
  patterns: ['core'],
  topic: ['core/message.ts', 'core/errors.ts'],
  flow: ['topic', 'core/errors.ts'],
  manager: ['patterns', 'topic', 'flow', 'core', 'wire/value.ts'],
  cli: ['index.ts', 'manager', 'topic', 'flow'],
}
/** Entries at the top may import everything below. */
const ENTRIES = ['index.ts', 'browser.ts', 'sockets.ts', 'service-main.ts', 'worker-main.ts']
/** Where node: modules and `ws` may be imported. */
const PLATFORM = ['transport/node/', 'manager/', 'cli/', 'index.ts', 'worker-main.ts']
const NPM_OF_CORE = ['eventemitter3']

interface Import {
  /** The importing file, relative to src. */
  readonly file: string
  /** A path relative to src, or the specifier of a package. */
  readonly target: string
  readonly relative: boolean
}

const STATEMENT =
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.ts'))

function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(STATEMENT)].map((match) => {
    const specifier = (match[1] ?? match[2] ?? match[3]) as string
    const relative = specifier.startsWith('.')
    const target = relative ? posix.normalize(`${dirname(file)}/${specifier}`) : specifier
    return { file, target, relative }
  })
}

const imports = files.flatMap((file) => importsOf(file, readFileSync(join(SRC, file), 'utf8')))

const isUnder = (path: string, place: string): boolean =>
  path === place || path.startsWith(place.endsWith('/') ? place : `${place}/`)

function breaks({ file, target, relative }: Import): string | undefined {
  const folder = file.includes('/') ? (file.split('/')[0] as string) : undefined
  if (relative && folder !== undefined) {
    const allowed = MAY_IMPORT[folder]
    if (allowed === undefined) return `${file}: the layer law knows no folder '${folder}'`
    const fine = [folder, ...allowed].some((place) => isUnder(target, place))
    return fine
      ? undefined
      : `${file} imports ${target}: ${folder} may import ${allowed.join(', ')}`
  }
  if (relative) return ENTRIES.includes(file) ? undefined : `${file} is no entry`
  const platform = target.startsWith('node:') || target === 'ws'
  if (platform && !PLATFORM.some((place) => isUnder(file, place))) {
    return `${file} imports ${target}, which is for ${PLATFORM.join(', ')}`
  }
  if (folder === 'core' && !NPM_OF_CORE.includes(target)) return `${file} imports ${target}`
  return undefined
}

function breaches(found: readonly Import[]): string[] {
  return found.map(breaks).filter((breach) => breach !== undefined)
}

test('the test sees the imports there are', () => {
  assert.ok(files.length > 30, `${files.length} files`)
  assert.ok(imports.length > files.length, `${imports.length} imports`)
  const seen = (file: string, target: string): boolean =>
    imports.some((one) => one.file === file && one.target === target)
  assert.ok(seen('core/engine.ts', 'core/pipe.ts'))
  assert.ok(seen('core/events.ts', 'eventemitter3'))
  assert.ok(seen('transport/node/threads.ts', 'node:worker_threads'))
  assert.ok(seen('sockets.ts', 'patterns/push.ts'))
})

test('a breach of each kind would be found', () => {
  for (const [file, text] of [
    ['core/pipe.ts', "import { Push } from '../patterns/push.ts'"],
    ['core/pipe.ts', "import type { Buffer } from 'node:buffer'"],
    ['core/pipe.ts', "import { Packr } from 'msgpackr/pack'"],
    ['patterns/push.ts', "export { Zmtp } from '../wire/zmtp/zmtp.ts'"],
    ['transport/ws.ts', "import {\n  WebSocket,\n  type Server,\n} from 'ws'"],
    ['transport/inproc/hub.ts', "import '../../patterns/push.ts'"],
    ['topic/topic.ts', "import { Pipe } from '../core/pipe.ts'"],
    ['flow/flow.ts', "const ini = await import('../manager/config.ts')"],
    ['manager/subject.ts', "import { wire } from '../transport/ws.ts'"],
    ['browser.ts', "import { readFileSync } from 'node:fs'"],
    ['new/thing.ts', "import { Pipe } from '../core/pipe.ts'"],
  ] as const) {
    assert.is(breaches(importsOf(file, text)).length, 1, `${file}: ${text}`)
  }
})

test('no import goes up or sideways', () => {
  assert.equal(breaches(imports), [])
})

test('relative imports name files that exist, with .ts', () => {
  const missing = imports.filter(({ target, relative }) => relative && !files.includes(target))
  assert.equal(missing, [])
})

test(`no file is longer than ${LONGEST_FILE} lines`, () => {
  const long = files
    .map((file) => ({ file, lines: readFileSync(join(SRC, file), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > LONGEST_FILE)
  assert.equal(long, [])
})

test('the story of a message is short', () => {
  const architecture = readFileSync(join(SRC, 'ARCHITECTURE.md'), 'utf8')
  const told = architecture.slice(architecture.indexOf('Reading order'))
  for (const file of STORY) assert.ok(told.includes(file.replace(/^.*lb/, 'lb')), file)
  const lines = STORY.map((file) => readFileSync(join(SRC, file), 'utf8').split('\n').length - 1)
  const total = lines.reduce((sum, count) => sum + count, 0)
  assert.ok(total < LONGEST_STORY, `${total} lines`)
})

test.run()

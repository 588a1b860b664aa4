// How targets of a mapping are found: `./module#name`, and DigitalPy's `folder.module.Class.method`.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../src/core/errors.ts'
import { type HandlerContext, Handlers } from '../../src/manager/worker/handlers.ts'
import { temporary } from '../support/temporary.ts'

const folder = temporary()
const file = join(folder, 'actions.ini')
const context = {} as HandlerContext

function write(path: string, text: string): void {
  const whole = join(folder, path)
  mkdirSync(dirname(whole), { recursive: true })
  writeFileSync(whole, text)
}

const says = (word: string) => `export const say = () => ({ from: '${word}' })\n`
const load = (text: string, handlers = new Handlers()) => handlers.load({ text, file })
const call = async (text: string, handlers?: Handlers) =>
  await (await load(text, handlers))({}, context)

async function refuses(text: string, code: string, message: RegExp): Promise<void> {
  const error = await load(text).catch((reason) => reason)
  assert.instance(error, ZmqError, text)
  assert.is((error as ZmqError).code, code, (error as ZmqError).message)
  assert.match((error as ZmqError).message, message)
}

write(
  'plain.mjs',
  `${says('plain')}export const steps = { word: 'kept', say() { return { from: this.word } } }`,
)
write(
  'app/movies/movies_facade.mjs',
  `
let made = 0
export class Movies {
  constructor() { this.number = ++made; this.calls = 0 }
  static count() { return { made, static: this.name } }
  post(values) { return { ...values, number: this.number, calls: ++this.calls } }
  list() { return { number: this.number, calls: ++this.calls } }
}
export class Picky { constructor() { throw new Error('needs a database') } go() {} }
export const post = () => ({ from: 'function' })
`,
)

test('module and name apart: a function, a method of an object', async () => {
  assert.equal(await call('./plain.mjs#say'), { from: 'plain' })
  assert.equal(await call('./plain.mjs#steps.say'), { from: 'kept' })
})

test('a dotted target is a method of a class in a module beside the mapping', async () => {
  assert.equal(await call('app.movies.movies_facade.Movies.post'), { number: 1, calls: 1 })
  assert.equal(await call('app.movies.movies_facade.post'), { from: 'function' })
})

test('a class has one instance per worker, shared by its methods and both ways to write it', async () => {
  const handlers = new Handlers()
  const first = (await call('app.movies.movies_facade.Movies.post', handlers)) as { number: number }
  const { number } = first
  assert.equal(await call('app.movies.movies_facade.Movies.list', handlers), { number, calls: 2 })
  assert.equal(await call('./app/movies/movies_facade.mjs#Movies.list', handlers), {
    number,
    calls: 3,
  })
  const other = (await call('app.movies.movies_facade.Movies.list')) as { number: number }
  assert.is(other.number, number + 1)
})

test('a static method needs no instance', async () => {
  const before = (await call('app.movies.movies_facade.Movies.count')) as { made: number }
  const after = (await call('app.movies.movies_facade.Movies.count')) as { made: number }
  assert.equal(after, { ...before, static: 'Movies' })
})

test('the longest beginning that is a module wins; a file comes before a folder of that name', async () => {
  write('a.mjs', 'export const b = { say: () => ({ from: "a" }) }')
  assert.equal(await call('a.b.say'), { from: 'a' })
  write('a/b.mjs', says('a/b'))
  assert.equal(await call('a.b.say'), { from: 'a/b' })
  write('c/index.js', 'exports.say = () => ({ from: "c/index" })')
  assert.equal(await call('c.say'), { from: 'c/index' })
  write('c.cjs', 'exports.say = () => ({ from: "c" })')
  assert.equal(await call('c.say'), { from: 'c' })
})

test('a module beside the mapping comes before a package; a package serves what is not there', async () => {
  write('node_modules/pack/package.json', '{"name":"pack","main":"./main.js"}')
  write('node_modules/pack/main.js', 'exports.say = () => ({ from: "package" })')
  write('node_modules/pack/deep.js', 'exports.Deep = class { say() { return { from: "deep" } } }')
  assert.equal(await call('pack.say'), { from: 'package' })
  assert.equal(await call('pack.deep.Deep.say'), { from: 'deep' })
  assert.equal(await call('pack#say'), { from: 'package' })
  write('pack.mjs', says('beside'))
  assert.equal(await call('pack.say'), { from: 'beside' })
})

test('what is not found says what was looked for', async () => {
  const tried = /neither beside that file nor as a package is there a module no\/such, no \(/
  await refuses('no.such.method', 'ENOENT', tried)
  await refuses(
    'app.movies.movies_facade.Movies.nothing',
    'ENOENT',
    /is no function .*Movies, Picky/,
  )
  await refuses('process.exit', 'ENOENT', /is there a module process/)
  await refuses(
    'app.movies.movies_facade.Picky.go',
    'EINVAL',
    /without arguments: needs a database/,
  )
})

test('a text that names no function says how to write one', async () => {
  for (const text of ['say', './plain.mjs', 'a..b', '.a.b', 'a.b.', 'a/b.c', '#say', 'a b.c']) {
    await refuses(text, 'EINVAL', /names no function: write \.\/module\.ts#function/)
  }
})

test('a module that fails while it is imported says why', async () => {
  write('broken.mjs', 'throw new Error("out of order")')
  await refuses('broken.go', 'ENOENT', /cannot import 'broken\.go': out of order/)
})

test.run()

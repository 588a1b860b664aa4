// What tests of hosts run in one: does what its data says.
import { appendFileSync } from 'node:fs'
import { askedToLeave, hostData, reportReady } from '../../src/manager/host/hosted.ts'

export interface Orders {
  /** A file for what is to be known outside. */
  readonly file: string
  /** Before it is ready. */
  readonly before?: 'throw' | 'exit' | 'hang'
  /** When it is. */
  readonly after?: 'throw' | 'exit' | 'segv' | 'wait' | 'end'
  readonly bytes?: Uint8Array
}

const { file, before, after, bytes } = await hostData<Orders>()
const tell = (text: string): void => appendFileSync(file, `${text}\n`)
const fail = (what: string): never => {
  throw Object.assign(new Error(what), { code: 'EODD' })
}

tell(`pid ${process.pid}`)
if (bytes) tell(`bytes ${bytes.length}`)
if (before === 'throw') fail('no start')
if (before === 'exit') process.exit(4)
if (before === 'hang') await new Promise(() => setInterval(() => {}, 1000))
reportReady()
if (after === 'throw') setImmediate(() => fail('later'))
if (after === 'exit') setImmediate(() => process.exit(5))
if (after === 'segv') setImmediate(() => process.kill(process.pid, 'SIGSEGV'))
if (after === 'wait') {
  const idle = setInterval(() => {}, 1000)
  await askedToLeave()
  tell('leaves')
  clearInterval(idle)
}

// A ZManager whose handlers note in a file which message they run in which process, and end it when told.
import { appendFileSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ZManager as Manager, type ZManager } from '../../src/index.ts'
import { type Scheme, within } from '../support/index.ts'
import { temporary } from '../support/temporary.ts'
import { type Settings, writeFixture } from './fixture.ts'

const HANDLERS = `
import { appendFileSync } from 'node:fs'
export function note(values, { id, worker }) {
  if (values.file) appendFileSync(values.file, id + ' ' + process.pid + '\\n')
  if (values.die && !existsSync(values.die)) process.kill(process.pid, 'SIGKILL')
  if (values.loop && !existsSync(values.loop)) while (loop);
  return { ...values, worker, pid: process.pid }
}
`

function flow(name: string, ...options: string[]): string {
  return `[${name}]\n${options.join('\n')}\n?Note?Push\nSubject?Note?Note\n??done\n`
}

export const NOTING_FLOWS: string = [
  flow('Safe', 'delivery = at-least-once', 'attempts = 2'),
  flow('Once'),
  flow('Leased', 'lease = 500'),
].join('\n')

/** As `writeFixture`; the mapping names the handler in the dotted way. */
export function writeNoting(scheme: Scheme, settings: Settings = {}): string {
  const file = writeFixture(scheme, { ...settings, flows: NOTING_FLOWS })
  appendFileSync(join(dirname(file), 'handlers.mjs'), HANDLERS)
  appendFileSync(join(dirname(file), 'actions.ini'), '?Note?Note = handlers.note\n')
  return file
}

/** One more flow in the files of a zmanager.ini; its one handler has the flow's name. */
export function addFlow(file: string, name: string, code: string, ...options: string[]): void {
  const lines = [`[${name}]`, ...options, '?X?Push', `Subject?X?${name}`, '??done']
  appendFileSync(join(dirname(file), 'handlers.mjs'), `${code}\n`)
  appendFileSync(join(dirname(file), 'flows.ini'), `\n${lines.join('\n')}\n`)
  addAction(file, `?X?${name} = ./handlers.mjs#${name}`)
}

/** One more line of the mapping. */
export function addAction(file: string, line: string): void {
  appendFileSync(join(dirname(file), 'actions.ini'), `${line}\n`)
}

/** As `withManager`. */
export async function withNoting(
  scheme: Scheme,
  settings: Settings,
  body: (manager: ZManager, reports: string[]) => Promise<void>,
): Promise<void> {
  const reports: string[] = []
  const manager = Manager.fromFile(writeNoting(scheme, settings), {
    report: (text) => reports.push(text),
    finishMs: settings.finishMs ?? 5000,
  })
  await within(30_000, manager.start(), 'the manager starts')
  try {
    await body(manager, reports)
  } finally {
    await within(15_000, manager.stop(), 'the manager stops')
  }
}

const folder = temporary()

let files = 0
/** A path where nothing is. */
export function absent(): string {
  return join(folder, `${files++}`)
}

/** What ran: ids and processes, in order. */
export function notesIn(file: string): { id: string; pid: number }[] {
  const lines = readFileSync(file, { encoding: 'utf8', flag: 'a+' }).split('\n').filter(Boolean)
  return lines.map((line) => {
    const [id = '', pid] = line.split(' ')
    return { id, pid: Number(pid) }
  })
}

// Whole messages through whole flows: a manager without sockets, that does with each decision and
// each table what a real one does. Shows how the pieces are meant to be called.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Continuations, type Values, type WaitEnd } from '../../../src/flow/continuations.ts'
import { advance, FlowTable, type Position } from '../../../src/flow/flow.ts'
import {
  type Decision,
  decide,
  type Rules,
  resume,
  resumeBranch,
  type StepDecision,
  waitAfter,
  whenFailed,
} from '../../../src/flow/flow-engine.ts'
import { type Joined, Joins } from '../../../src/flow/join.ts'
import { loadFlows } from '../../../src/flow/load.ts'
import type { ActionKey } from '../../../src/topic/action-key.ts'
import type { Header, StepError } from '../../../src/topic/envelope.ts'

type Handler = (values: Values) => Values | undefined
const encode = (values: Values) => new TextEncoder().encode(JSON.stringify(values))
const decode = (body: Uint8Array): Values => JSON.parse(new TextDecoder().decode(body))

class Journey {
  readonly log: string[] = []
  readonly waits = new Continuations()
  readonly joins = new Joins()
  readonly #rules: Rules
  readonly #handlers: Record<string, Handler>
  #tokens = 0

  constructor(flows: string, handlers: Record<string, Handler>) {
    this.#handlers = handlers
    const knows = ({ action }: ActionKey) => Object.hasOwn(handlers, action)
    this.#rules = { flows: new FlowTable(loadFlows(flows, 'f.ini').flows), knows }
  }

  send(flow: string, values: Values): void {
    const position = this.#rules.flows.start(flow)
    const header = { id: 'id', ...position, format: 'json', at: 0, attempt: 0, key: '??' }
    this.#go(decide(this.#rules, position), header, values)
  }

  /** What a component does with the token in the header of what it got. */
  answer(token: string, values?: Values): boolean {
    return this.#waited(this.waits.complete(token, values))
  }

  expire(now: number): void {
    for (const end of this.waits.expire(now)) this.#waited(end)
  }

  #go(decision: Decision, header: Header, values: Values): void {
    const here = { ...header, key: `${decision.key}` }
    if (decision.do === 'end') return this.#note('done', decision.key, values)
    if (decision.do === 'fork') return this.#fork(decision, here, values)
    this.#step(decision, here, values, (given) => {
      const next = advance(decision.position)
      this.#go(decide(this.#rules, next), { ...here, ...next }, given ?? values)
    })
  }

  #step(
    { do: how, key, position }: StepDecision,
    header: Header,
    values: Values,
    then: (given: Values | undefined) => void,
  ): void {
    if (how === 'wait') return this.#wait(key, position, header, values)
    if (how === 'run') {
      this.#note('run', key, values)
      return this.#run(key, header, values, then)
    }
    const wait = waitAfter(this.#rules, position)
    if (wait) this.#wait(wait.key, wait.position, header, values) // before the request goes out
    this.#note('publish', key, values)
    if (header.fork !== undefined) then(undefined)
  }

  #run(key: ActionKey, header: Header, values: Values, then: (given?: Values) => void): void {
    let given: Values | undefined
    try {
      given = this.#handlers[key.action]?.(values)
    } catch (error) {
      const { message } = error as Error
      const failure = { code: 'EHANDLER', step: `${key}`, message, retryable: false }
      return this.#failed(header, failure, values)
    }
    then(given)
  }

  #wait(key: ActionKey, position: Position, header: Header, values: Values): void {
    const token = `t${++this.#tokens}`
    const waiting = { ...header, ...position, key: `${key}` }
    this.waits.wait({ token, dueAt: 100, header: waiting, body: encode(values) })
  }

  #waited(end: WaitEnd | false): boolean {
    if (!end) return false
    const { header, body } = end.waiting
    if (end.do === 'fail') {
      this.#failed(header, end.error, decode(body))
      return true
    }
    const values = { ...decode(body), ...end.values }
    if (header.fork === undefined) this.#go(resume(this.#rules, header), header, values)
    else this.#branchWaited(header, values, end.values)
    return true
  }

  /** A branch that nobody runs gives what the answer brought, not the old values with it. */
  #branchWaited(header: Header, values: Values, answer?: Values): void {
    const branch = resumeBranch(this.#rules, header)
    const joined = (given?: Values) => this.#branchEnded(header, given)
    if (branch) this.#step(branch, header, values, joined)
    else joined(answer)
  }

  #fork(decision: Extract<Decision, { do: 'fork' }>, header: Header, values: Values): void {
    const fork = `t${++this.#tokens}`
    const steps = decision.branches.map(({ position }) => position.step)
    this.joins.fork({ token: fork, header, values, steps, join: decision.join })
    for (const branch of decision.branches) {
      const { key, position } = branch
      const own = { ...header, ...position, key: `${key}`, fork }
      this.#step(branch, own, values, (given) => this.#branchEnded(own, given))
    }
  }

  #branchEnded({ fork = '', step }: Header, values: Values | undefined): void {
    const end = this.joins.end(fork, step, values)
    if (end && end !== 'open') this.#joined(end)
  }

  #joined({ fork: { header, join }, values }: Joined): void {
    this.#go(decide(this.#rules, join), { ...header, ...join }, values)
  }

  #forkFailed(token: string, error: StepError): void {
    const fork = this.joins.drop(token)
    if (fork) this.#failed(fork.header, error, fork.values)
  }

  #failed(header: Header, error: StepError, values: Values): void {
    if (header.fork !== undefined) return this.#forkFailed(header.fork, error)
    const failure = whenFailed(this.#rules, header, error, header.isCaught ?? false)
    if (failure.do === 'fail') {
      this.log.push(`failed ${failure.error.code} ${failure.error.step}`)
      return
    }
    const caught: Header = { ...header, key: `${failure.key}`, error, isCaught: true }
    this.#note(`catch by ${failure.by}`, failure.key, values)
    const after = () => this.#failed(caught, error, values)
    if (failure.by === 'publish') return after()
    try {
      this.#handlers[failure.key.action]?.(values)
    } catch {
      // the first error counts
    }
    after()
  }

  #note(what: string, key: ActionKey, values: Values): void {
    this.log.push(`${what} ${key} ${JSON.stringify(values)}`)
  }
}

const TOPICS = `[Topics]
?T?Push
Subject?T@PUBLISH?get
?T@ASYNC?got
??done`

test('after PUBLISH the message waits for its answer, and ends with both values', () => {
  const journey = new Journey(TOPICS, {})
  journey.send('Topics', { client: 1 })
  assert.is(journey.waits.size, 1)
  assert.ok(journey.answer('t1', { topics: 2 }))
  assert.not(journey.answer('t1', { topics: 3 }))
  assert.equal(journey.log, [
    'publish Subject?T@PUBLISH?get {"client":1}',
    'done ??done {"client":1,"topics":2}',
  ])
})

test('a mapped ASYNC step runs when the answer is here', () => {
  const journey = new Journey(TOPICS, { got: ({ topics }) => ({ topics, seen: true }) })
  journey.send('Topics', { client: 1 })
  journey.answer('t1', { topics: 2 })
  assert.equal(journey.log.slice(1), [
    'run ?T@ASYNC?got {"client":1,"topics":2}',
    'done ??done {"topics":2,"seen":true}',
  ])
})

test('without an answer the message fails at the step that waits, in time', () => {
  const journey = new Journey(TOPICS, {})
  journey.send('Topics', {})
  journey.expire(99)
  assert.is(journey.log.length, 1)
  journey.expire(100)
  assert.not(journey.answer('t1'))
  assert.is(journey.log.at(-1), 'failed ETIMEDOUT ?T@ASYNC?got')
})

const GROUP = `[Group]
catch = ??undo
& ?c?a
& ?c?b
& ?c@PUBLISH?tell
& ?c@ASYNC?answer
??last
??done`

test('a group runs from the same values and goes on when all branches ended', () => {
  const journey = new Journey(GROUP, {
    a: () => ({ n: 5, a: 1 }),
    b: () => ({ b: 2 }),
    last: () => undefined,
  })
  journey.send('Group', { n: 0 })
  assert.is(journey.log.length, 3)
  assert.ok(journey.answer('t2', { c: 3 }))
  assert.equal(journey.log, [
    'run ?c?a {"n":0}',
    'run ?c?b {"n":0}',
    'publish ?c@PUBLISH?tell {"n":0}',
    'run ??last {"n":5,"a":1,"b":2,"c":3}',
    'done ??done {"n":5,"a":1,"b":2,"c":3}',
  ])
})

test('one failure fails the group, once, by way of the catch step', () => {
  const broken = (): never => {
    throw new Error('broken')
  }
  const journey = new Journey(GROUP, { a: broken, b: broken, undo: broken })
  journey.send('Group', { n: 0 })
  journey.answer('t2')
  assert.equal(
    journey.log.filter((line) => /catch|failed|done/.test(line)),
    ['catch by run ??undo {"n":0}', 'failed EHANDLER ?c?a'],
  )
})

test('a message may wait in several flows at once', () => {
  const journey = new Journey(TOPICS, {})
  journey.send('Topics', { outer: 1 })
  journey.send('Topics', { inner: 1 })
  journey.answer('t2')
  journey.answer('t1')
  assert.equal(journey.log.slice(2), ['done ??done {"inner":1}', 'done ??done {"outer":1}'])
})

test.run()

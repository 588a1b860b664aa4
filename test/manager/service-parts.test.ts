// The parts of services that need no host: what the configuration says, topics, commands, health, flows.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadFlows } from '../../src/flow/load.ts'
import { ActionKey, defineService, type ZmqError } from '../../src/index.ts'
import { commandOf, commandTopics } from '../../src/manager/service/service-commands.ts'
import { readServices, type ServiceConfig } from '../../src/manager/service/service-config.ts'
import { coreFlowsBeside } from '../../src/manager/service/service-flows.ts'
import {
  healthFrom,
  healthOf,
  healthValues,
  Meter,
  overallHealth,
  unresponsive,
} from '../../src/manager/service/service-health.ts'
import {
  doneKey,
  keyFrom,
  subscriptionOf,
  Topics,
} from '../../src/manager/service/service-topics.ts'

const read = (text: string) => readServices({ text, file: 'z.ini' })

const refusal = (make: () => unknown): string => {
  try {
    make()
  } catch (error) {
    const { code, message } = error as ZmqError
    return `${code} ${message}`
  }
  return 'none'
}

const LIST = '[ServiceManagementConfiguration]\nservices = [a]\n'

test('without the section there are no services', () => {
  assert.is(read('[ZManagerConfiguration]\nworker_count = 1\n[a]\nmodule = x#y\n'), undefined)
})

test('a section becomes a service, its keys its values', () => {
  const config = read(`# a comment above all
[ZManagerConfiguration]
worker_count = 3
[ServiceManagementConfiguration]
services = [
 api
 ,tcp.in ]
restarts = 7
stop_timeout = 10
hang_timeout = 0
[api]
# another
status = RUNNING
module = ./api.ts#Api
host = 0.0.0.0
port = 8080
debug = TRUE
name = "the api"
names = [x, y]
flows = [A, B]
error_threshold = 0.5
[tcp.in]
module = app.services.Tcp
run_in = thread
`)
  assert.ok(config)
  const { services, restarts, startMs, stopMs, answerMs, hangMs } = config
  const [api, tcp] = services as readonly [ServiceConfig, ServiceConfig]
  assert.equal([restarts, startMs, stopMs, answerMs, hangMs], [7, 30_000, 10, 2000, 0])
  const { values, ...rest } = api
  assert.equal(rest, {
    id: 'api',
    status: 'RUNNING',
    module: { text: './api.ts#Api', file: 'z.ini' },
    runIn: 'process',
    flows: ['A', 'B'],
    errorThreshold: 0.5,
  })
  const { host, port, debug, name, names } = values
  assert.equal([host, port, debug, name, names], ['0.0.0.0', 8080, true, 'the api', ['x', 'y']])
  assert.equal([tcp.id, tcp.status, tcp.runIn, tcp.flows], ['tcp.in', 'STOPPED', 'thread', []])
})

test('what is wrong is told with file and line', () => {
  const own = (line: string): string => refusal(() => read(`${LIST}[a]\nmodule = x#y\n${line}\n`))
  assert.match(
    refusal(() => read(LIST)),
    /^EINVAL z.ini:2: .*no section: add \[a\]/,
  )
  assert.match(
    refusal(() => read(`${LIST}[a]\nport = 1\n`)),
    /^EINVAL z.ini:3: .*no module/,
  )
  assert.match(
    refusal(() => read(LIST.replace('a]', 'a, a]'))),
    /z.ini:2: .*listed twice/,
  )
  assert.match(
    refusal(() => read(LIST.replace('a]', 'a~b]'))),
    /^EINVAL z.ini:2: /,
  )
  assert.match(
    refusal(() => read(`${LIST}service = [b]\n`)),
    /z.ini:3: .*no key 'service'/,
  )
  assert.match(
    refusal(() => read(`${LIST}restarts = many\n[a]\nmodule = x#y\n`)),
    /z.ini:3: restarts must be a whole/,
  )
  for (const line of ['stop_timeout = 99999999999', 'start_timeout = 0', 'answer_timeout = 0'])
    assert.match(
      refusal(() => read(`${LIST}${line}\n[a]\nmodule = x#y\n`)),
      /^EINVAL z.ini:3: \w+_timeout must be a whole number from \d to 2147483647/, // what timers can count
    )
  assert.match(own('status = running'), /z.ini:5: status .* RUNNING, STOPPED, not 'running'/)
  assert.match(own('run_in = fork'), /z.ini:5: run_in .* thread, process, not 'fork'/)
  assert.match(own('error_threshold = 10'), /z.ini:5: error_threshold .* from 0 to 1/)
  assert.match(own('flows = [a~b]'), /^EINVAL z.ini:5: /)
})

test('the end of a flow is exactly that, in other keys empty fields match any', () => {
  const topics = new Topics()
  assert.is(topics.add(doneKey('F')), true)
  assert.is(topics.add(doneKey('F')), false)
  assert.is(topics.add(ActionKey.of({ flow: 'G', action: 'news' })), true)
  assert.is(subscriptionOf(doneKey('F')), 'F~~~~done~')
  assert.is(subscriptionOf(ActionKey.of({ flow: 'G', action: 'news' })), 'G~')
  const accepted = ['F~~~~done~', 'G~PUBLISH~S~C~news~', 'G~~~~news~']
  const refused = ['F2~~~~done~', 'F~~S~~done~', 'F~~~~done2~', 'G~~~~news2~', 'G~~~~', 'reply~x~']
  for (const topic of accepted) assert.ok(topics.accepts(topic), topic)
  for (const topic of refused) assert.not(topics.accepts(topic), topic)
  assert.is(topics.remove(ActionKey.of({ flow: 'G', sender: 'S', action: 'news' })), false)
  assert.is(topics.remove(doneKey('')), false)
  assert.is(topics.remove(doneKey('F')), true)
  assert.is(topics.keys.length, 1)
})

test('a topic may be given as text, JSON or an object, under our names or DigitalPy’s', () => {
  const key = ActionKey.of({ flow: 'F', sender: 'S', action: 'x' })
  const forms: unknown[] = [
    key,
    { flow: 'F', sender: 'S', action: 'x' },
    { config: 'F', source: 'S', action: 'x', context: '', decorator: null },
    '{"config": "F", "source": "S", "action": "x"}',
  ]
  for (const form of forms) assert.ok(keyFrom(form).equals(key), JSON.stringify(form))
  assert.is(`${keyFrom('S?c@D?x')}`, 'S?c@D?x')
  for (const bad of [undefined, 7, [], {}, '??', '{', { colour: 'red' }, { flow: 7 }, 'x'])
    assert.match(
      refusal(() => keyFrom(bad)),
      /^EINVAL /,
      JSON.stringify(bad),
    )
})

test('every command has a topic of its own that no other service’s topic begins with', () => {
  const all = ['a', 'a_b', 'a_get_health', 'command_a'].flatMap(commandTopics)
  assert.is(new Set(all).size, 20)
  for (const one of all) {
    assert.equal(
      all.filter((other) => other.startsWith(one)),
      [one],
    )
  }
  assert.is(commandOf('a', 'command_a_get_health~~~~ServiceCommand~'), 'get_health')
  assert.is(commandOf('a', 'command_a_b_get_health~~~~ServiceCommand~'), undefined)
})

test('work is counted with its time and its failures', async () => {
  const meter = new Meter()
  assert.equal([meter.handled, meter.failed, meter.averageMs], [0, 0, 0])
  assert.is(await meter.measure(() => 7), 7)
  const failed = meter.measure(() => Promise.reject(new Error('no')))
  assert.is(await failed.catch((error) => error.message), 'no')
  assert.equal([meter.handled, meter.failed], [2, 1])
  assert.ok(meter.averageMs > 0)
})

test('health travels and comes back; all together are as bad as the worst', () => {
  const fine = healthOf('a', { handled: 30, failed: 3, averageMs: 1 }, 2, 0.1)
  const bad = healthOf('b', { handled: 10, failed: 2, averageMs: 5 }, 0, 0.1)
  assert.equal([fine.status, fine.errorPercentage, bad.status], ['OPERATIONAL', 10, 'DEGRADED'])
  assert.equal(healthFrom('a', healthValues(fine)), fine)
  assert.is(healthFrom('a', { status: 'FINE' }).status, 'UNRESPONSIVE')
  const { status, handled, failed, averageMs, errorPercentage, queue } = overallHealth([fine, bad])
  assert.equal(
    { status, handled, failed, averageMs, errorPercentage, queue },
    { status: 'DEGRADED', handled: 40, failed: 5, averageMs: 2, errorPercentage: 12.5, queue: 2 },
  )
  assert.is(overallHealth([fine, unresponsive('c')]).status, 'UNRESPONSIVE')
  assert.is(overallHealth([]).status, 'OPERATIONAL')
})

test('the flows of the core are DigitalPy’s, and read without a warning', () => {
  const core = coreFlowsBeside([])
  const { flows, warnings } = loadFlows(core.text, core.file)
  assert.equal(warnings, [])
  assert.is(flows.length, 8)
  const steps = flows.map(({ steps }) => `${steps[1]}`)
  assert.ok(steps.includes('Subject?ServiceManagement__StartService@PUBLISH?start_service'))
  assert.ok(steps.includes('?ServiceManagement__GetServiceStatus@PUBLISH?get_service_status'))
  const own = { file: 'own.ini', text: '[ServiceManagement_StopService]\n??done\n' }
  const beside = coreFlowsBeside([own])
  const names = loadFlows(beside.text, beside.file).flows.map(({ name }) => name)
  assert.is(names.length, 7)
  assert.not(names.includes('ServiceManagement_StopService'))
})

test('defineService gives back what it is given', () => {
  const service = { start() {} }
  assert.is(defineService(service), service)
})

test.run()

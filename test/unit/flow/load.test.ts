// Loading flows and mappings: the real examples, and a warning for each slip.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FlowTable } from '../../../src/flow/flow.ts'
import { scanIni } from '../../../src/flow/ini.ts'
import { loadActions, loadFlows } from '../../../src/flow/load.ts'
import { ActionKey } from '../../../src/topic/action-key.ts'
import { CORE_FLOWS, MAPPINGS } from './examples.ts'

const flowsOf = (...lines: string[]) => {
  const { flows, warnings } = loadFlows(lines.join('\n'), 'f.ini')
  const texts = flows.map(({ name, steps }) => [name, ...steps.map(String)])
  return {
    texts,
    warnings: warnings.map(({ file, line, message }) => `${file}:${line}: ${message}`),
  }
}
const actionsOf = (...lines: string[]) => {
  const { map, warnings } = loadActions(lines.join('\n'), 'm.ini')
  const texts = map.entries().map(({ key, target }) => `${key} = ${target}`)
  return {
    texts,
    warnings: warnings.map(({ file, line, message }) => `${file}:${line}: ${message}`),
  }
}

test('the example flows load with every step', () => {
  const { texts } = flowsOf(CORE_FLOWS)
  assert.equal(texts, [
    [
      'ServiceManagement_GetServiceTopics',
      '?ServiceManagement_GetServiceTopics?Push',
      'Subject?ServiceManagement__GetServiceTopics@PUBLISH?get_service_topics',
      '?ServiceManagement__GetServiceTopics@ASYNC?get_service_topics_response',
      '??done',
    ],
    [
      'ServiceManagement_StartService',
      '?ServiceManagement_StartService?Push',
      'Subject?ServiceManagement__StartService@PUBLISH?start_service',
      '??done',
    ],
    [
      'ServiceManagement_GetServiceStatus',
      '?ServiceManagement_GetReloadSystemHealth?Push',
      '?ServiceManagement__GetServiceStatus@PUBLISH?get_service_status',
      '??done',
    ],
    [
      'FilmologyManagement__POSTMovie',
      '?FilmologyManagement__POSTMovie?Push',
      'Subject?FilmologyManagement__POSTMovie?POSTMovie',
      '??done',
    ],
    [
      'LoanManagement__POSTLoan_Test',
      '?LoanManagement__POSTLoan?Test',
      'Subject?LoanManagement__POSTLoan?TestPOSTLoan',
      'LoanManagement?LoanManagement__POSTLoan?serializeToJson',
      'Serialization?LoanManagement__POSTLoan?Publish',
    ],
    [
      'UPDATE_ROUTING_WORKERS',
      '?updateRoutingWorkers@ROUTING_WORKER?Publish',
      'IntegrationManager?updateRoutingWorkers@ROUTING_WORKER?update',
    ],
    ['testSubject1', 'test?SubjectTest@PUBLISH?Push', 'Subject?SubjectTest@PUBLISH?Publish'],
    ['actionflow1'],
  ])
})

test('of the example flows only the three without done warn', () => {
  const { warnings } = flowsOf(CORE_FLOWS)
  assert.is(warnings.length, 3)
  for (const [index, name] of [
    'LoanManagement__POSTLoan_Test',
    'UPDATE_ROUTING_WORKERS',
    'testSubject1',
  ].entries()) {
    assert.match(warnings[index] as string, `flow ${name} does not end in ??done`)
  }
})

test('the example flows make a table whose steps know their flow', () => {
  const table = new FlowTable(loadFlows(CORE_FLOWS, 'f.ini').flows)
  const step = table.step(table.start('FilmologyManagement__POSTMovie'))
  assert.is(step?.flow, 'FilmologyManagement__POSTMovie')
  assert.is(step?.action, 'POSTMovie')
})

test('free text and CRLF do not change a flow or its version', () => {
  const plain = loadFlows('[F]\n?c?Push\n??done', 'f').flows[0]
  const noted = loadFlows('\ufeff[F]\r\n?c?Push # a = [b]\r\n; c\r\n  ??done ; d\r\n', 'f')
  assert.equal(noted.warnings, [])
  assert.is(noted.flows[0]?.version, plain?.version)
})

test('a line that is no step is skipped with a warning', () => {
  const { texts, warnings } = flowsOf('[F]', '?c?a', '# note', '?c.d?b', 'a?b?c?d', '??done')
  assert.equal(texts, [['F', '?c?a', '??done']])
  assert.equal(
    warnings.map((warning) => warning.split(' is not')[0]),
    ['f.ini:3: skipped: "# note"', 'f.ini:4: skipped: "?c.d?b"', 'f.ini:5: skipped: "a?b?c?d"'],
  )
})

test('a flow that comes again warns and replaces the earlier', () => {
  const { texts, warnings } = flowsOf('[F]', '??a', '??done', '[F]', '??b', '??done')
  assert.equal(texts, [['F', '??b', '??done']])
  assert.equal(warnings, ['f.ini:4: flow F replaces an earlier one'])
})

test('a step that repeats the one before it warns and stays; further apart it is no slip', () => {
  const { texts, warnings } = flowsOf('[F]', '??a', '??a', '??b', '??a', '??done')
  assert.equal(texts, [['F', '??a', '??a', '??b', '??a', '??done']])
  assert.equal(warnings, ['f.ini:3: ??a repeats the step before it'])
})

test('a missing done warns at the flow, an empty flow does not', () => {
  const { warnings } = flowsOf('[E]', '[F]', '??done', '??a')
  assert.equal(warnings, ['f.ini:2: flow F does not end in ??done: one is assumed after ??a'])
})

test('"@" with nothing after it warns, and the step has no decorator', () => {
  const { texts, warnings } = flowsOf('[F]', 'S?c@?a', '??done')
  assert.equal(texts, [['F', 'S?c?a', '??done']])
  assert.equal(warnings, [
    'f.ini:2: "S?c@?a" has nothing after "@" and is read without a decorator',
  ])
})

test('a step with a target warns: it is a line of a mapping', () => {
  const { warnings } = flowsOf('[F]', '??a = x.y', '??done # a = b')
  assert.equal(warnings, ['f.ini:2: step ??a takes no target: "= x.y" is ignored'])
})

test('a flow whose name no topic can carry is skipped with a warning', () => {
  const { texts, warnings } = flowsOf('[a~b]', '??done', '[F]', '??done')
  assert.equal(texts, [['F', '??done']])
  assert.match(warnings[0] as string, /^f\.ini:1: skipped: "a~b" cannot be the flow of a key/)
})

test('warnings of scanner and loader come in the order of the lines', () => {
  const { warnings } = flowsOf('[F] x', 'oops', '??done', '[G] y', '??done')
  assert.equal(
    warnings.map((warning) => warning.split(':')[1]),
    ['1', '2', '4'],
  )
})

test('the example mappings load without a warning, targets as they are written', () => {
  const { texts, warnings } = actionsOf(MAPPINGS)
  assert.equal(warnings, [])
  assert.is(texts.length, 7)
  assert.is(
    texts[3],
    '?XMLCoT? = FreeTAKServer.core.cot_management.cot_management_facade.CotManagement.default_cot_processor',
  )
  assert.is(
    texts[6],
    'Sender?Context@DECORATOR?Action = myapp.mycomponent.mycomponent_facade.MyComponent.my_method',
  )
})

test('the example mappings resolve: context fallback, sender, decorator, REST names', () => {
  const { map } = loadActions(MAPPINGS, 'm.ini')
  const tail = (text: string) => map.resolve(ActionKey.parse(text))?.target.split('.').at(-1)
  assert.is(tail('TcpService?XMLCoT?some-unknown-type'), 'default_cot_processor')
  assert.is(tail('Subject?X@PUBLISH?start_service'), 'start_service')
  assert.is(tail('Emergency?any?EmergencyCancelled'), 'evaluate_request')
  assert.is(tail('?MEMORY?ConvertMachineReadableToHumanReadable'), 'get_human_readable_type')
  assert.is(tail('?^file^get-or-create?GETFileGet-or-create'), 'GETFileGet-or-create')
  assert.is(tail('Sender?Context@DECORATOR?Action'), 'my_method')
  assert.is(tail('Sender?Context?Action'), undefined)
})

test('the flow list in the examples is read past comments and commas', () => {
  const api = scanIni(MAPPINGS, 'm.ini').sections.find(({ name }) => name === 'digitalpy.core_api')
  assert.is(
    api?.entries[0]?.value,
    '[FilmologyManagement__POSTMovie, FilmologyManagement__DELETEMovie]',
  )
})

test('the section name is read without regard to case, other sections are left alone', () => {
  const { texts } = actionsOf('[ActionMapping]', '??a = x', '[other]', '??b = y', 'not a key = z')
  assert.equal(texts, ['??a = x'])
})

test('a key without "?" is an action, with a warning', () => {
  const { texts, warnings } = actionsOf('[actionmapping]', 'EmergencyAlert = x.y')
  assert.equal(texts, ['??EmergencyAlert = x.y'])
  assert.equal(warnings, ['m.ini:2: "EmergencyAlert" has no "?" and is read as ??EmergencyAlert'])
})

test('a key that comes again warns, and the later target counts', () => {
  const { texts, warnings } = actionsOf('[actionmapping]', '??a = x', '[actionmapping]', '??a = y')
  assert.equal(texts, ['??a = y'])
  assert.equal(warnings, ['m.ini:4: ??a is mapped again: this target replaces the earlier one'])
})

test('without regard to case, keys that differ in case alone are duplicates', () => {
  const text = '[actionmapping]\n??a = x\n??A = y'
  assert.is(loadActions(text, 'm').warnings.length, 0)
  const { map, warnings } = loadActions(text, 'm', { ignoreCase: true })
  assert.is(warnings.length, 1)
  assert.is(map.resolve(ActionKey.parse('??a'))?.target, 'y')
})

test('lines without target or with a bad key are skipped with a warning', () => {
  const { texts, warnings } = actionsOf(
    '[actionmapping]',
    '??a',
    '??b =',
    '= x',
    'a.b = x',
    '??a b = x',
  )
  assert.equal(texts, [])
  assert.equal(
    warnings.map((warning) => warning.slice(0, 15)),
    [2, 3, 4, 5, 6].map((line) => `m.ini:${line}: skipped`).map((text) => text.slice(0, 15)),
  )
})

test('"@" with nothing after it warns in a mapping too', () => {
  const { texts, warnings } = actionsOf('[actionmapping]', '?c@?a = x')
  assert.equal(texts, ['?c?a = x'])
  assert.is(warnings.length, 1)
})

test('targets keep dashes, fragments and lists', () => {
  const { texts } = actionsOf(
    '[actionmapping]',
    '??a = ./double-it.ts#default',
    '??b = a-b.c',
    '??c = [x, y]',
  )
  assert.equal(texts, ['??a = ./double-it.ts#default', '??b = a-b.c', '??c = [x, y]'])
})

test.run()

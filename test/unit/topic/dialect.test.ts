// Every ini text that DigitalPy's pages and FreeTAKServer's files show us: each loads, or warns at the
// line and in the words that help.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scanIni } from '../../../src/flow/ini.ts'
import { loadActions, loadFlows } from '../../../src/flow/load.ts'
import { ActionKey } from '../../../src/topic/action-key.ts'

interface Dialect {
  readonly title: string
  readonly text: string
  /** Steps of the last flow, or keys of the mapping. */
  readonly reads: readonly string[]
  /** `line: words`, one for each warning. */
  readonly warns?: readonly string[]
}

const FLOWS: Dialect[] = [
  {
    title: 'PUBLISH and an ASYNC resume point',
    text: `; PUBLISH + ASYNC resume point
[ServiceManagement_GetServiceTopics]
?ServiceManagement_GetServiceTopics?Push
Subject?ServiceManagement__GetServiceTopics@PUBLISH?get_service_topics
?ServiceManagement__GetServiceTopics@ASYNC?get_service_topics_response
??done
`,
    reads: [
      '?ServiceManagement_GetServiceTopics?Push',
      'Subject?ServiceManagement__GetServiceTopics@PUBLISH?get_service_topics',
      '?ServiceManagement__GetServiceTopics@ASYNC?get_service_topics_response',
      '??done',
    ],
  },
  {
    title: 'free text behind steps',
    text: `[ServiceManagement_StartService]
?ServiceManagement_StartService?Push # free text
Subject?ServiceManagement__StartService@PUBLISH?start_service # free text, any length
??done # free text`,
    reads: [
      '?ServiceManagement_StartService?Push',
      'Subject?ServiceManagement__StartService@PUBLISH?start_service',
      '??done',
    ],
  },
  {
    title: 'another context on each step, no sender',
    text: `[ServiceManagement_GetServiceStatus]
?ServiceManagement_GetReloadSystemHealth?Push
?ServiceManagement__GetServiceStatus@PUBLISH?get_service_status
??done`,
    reads: [
      '?ServiceManagement_GetReloadSystemHealth?Push',
      '?ServiceManagement__GetServiceStatus@PUBLISH?get_service_status',
      '??done',
    ],
  },
  {
    title: 'one worker step',
    text: `[FilmologyManagement__POSTMovie]
?FilmologyManagement__POSTMovie?Push
Subject?FilmologyManagement__POSTMovie?POSTMovie
??done`,
    reads: [
      '?FilmologyManagement__POSTMovie?Push',
      'Subject?FilmologyManagement__POSTMovie?POSTMovie',
      '??done',
    ],
  },
  {
    title: 'no Push, no done, two worker steps',
    text: `[LoanManagement__POSTLoan_Test]
?LoanManagement__POSTLoan?Test
Subject?LoanManagement__POSTLoan?TestPOSTLoan
LoanManagement?LoanManagement__POSTLoan?serializeToJson
Serialization?LoanManagement__POSTLoan?Publish`,
    reads: [
      '?LoanManagement__POSTLoan?Test',
      'Subject?LoanManagement__POSTLoan?TestPOSTLoan',
      'LoanManagement?LoanManagement__POSTLoan?serializeToJson',
      'Serialization?LoanManagement__POSTLoan?Publish',
    ],
    warns: ['1: flow LoanManagement__POSTLoan_Test does not end in \\?\\?done'],
  },
  {
    title: 'a decorator of its own',
    text: `[UPDATE_ROUTING_WORKERS]
?updateRoutingWorkers@ROUTING_WORKER?Publish
IntegrationManager?updateRoutingWorkers@ROUTING_WORKER?update`,
    reads: [
      '?updateRoutingWorkers@ROUTING_WORKER?Publish',
      'IntegrationManager?updateRoutingWorkers@ROUTING_WORKER?update',
    ],
    warns: ['1: flow UPDATE_ROUTING_WORKERS does not end in \\?\\?done'],
  },
  {
    title: 'sender and decorator on the Push',
    text: `[testSubject1]
test?SubjectTest@PUBLISH?Push
Subject?SubjectTest@PUBLISH?Publish`,
    reads: ['test?SubjectTest@PUBLISH?Push', 'Subject?SubjectTest@PUBLISH?Publish'],
    warns: ['1: flow testSubject1 does not end in \\?\\?done'],
  },
  { title: 'a header alone, with no line end', text: '[actionflow1]', reads: [] },
  {
    title: 'a line that is no step is skipped, and told',
    text: '[F]\n?c?a\nnot a step\n??done',
    reads: ['?c?a', '??done'],
    warns: ['3: skipped: .*not a step'],
  },
  {
    title: 'text behind a header',
    text: '[F] ; note\n?c?a\n??done',
    reads: ['?c?a', '??done'],
    warns: ['1: text after \\[F\\] is ignored: ; note'],
  },
  {
    title: 'a flow that comes twice',
    text: '[F]\n?c?a\n??done\n[F]\n?c?b\n??done',
    reads: ['?c?b', '??done'],
    warns: ['4: flow F replaces an earlier one'],
  },
  {
    title: 'a step twice in a row',
    text: '[F]\n?c?a\n?c?a\n??done',
    reads: ['?c?a', '?c?a', '??done'],
    warns: ['3: \\?c\\?a repeats the step before it'],
  },
  {
    title: '"@" with nothing behind it: DigitalPy skips the line without a word',
    text: '[F]\nctx?c@?act\n??done',
    reads: ['ctx?c?act', '??done'],
    warns: ['2: .*nothing after "@"'],
  },
  {
    title: 'CRLF and a byte order mark',
    text: '\ufeff[F]\r\n?c?Push\r\n?c?a\r\n??done\r\n',
    reads: ['?c?Push', '?c?a', '??done'],
  },
]

const MAPPING = `[actionmapping]
; comment lines and whole doc blocks stand between entries
??start_service = digitalpy.core.service_management.service_management_facade.ServiceManagement.start_service
?^Component^RequiredAlfaVersion?POSTComponentRequiredAlfaVersion = digitalpy.core.component_management.component_management_facade.ComponentManagement.POSTComponentRequiredAlfaVersion
?^file^get-or-create?GETFileGet-or-create = digitalpy.core.files.files_facade.Files.GETFileGet-or-create
?XMLCoT? = FreeTAKServer.core.cot_management.cot_management_facade.CotManagement.default_cot_processor
?MEMORY?ConvertMachineReadableToHumanReadable = FreeTAKServer.components.core.type.type_facade.Type.get_human_readable_type
Emergency??EmergencyCancelled = FreeTAKServer.components.extended.emergency.controllers.emergency_off_controller.EmergencyOffController.evaluate_request
Sender?Context@DECORATOR?Action = myapp.mycomponent.mycomponent_facade.MyComponent.my_method
[servicemapping]
??EmergencyAlert = [TCPCoTService, ssl_cot_service]
[digitalpy.core_api]
flows = [
; FilmologyManagement component flows
FilmologyManagement__POSTMovie
,FilmologyManagement__DELETEMovie
]
`

const MAPPINGS: Dialect[] = [
  {
    title: 'the real entries, other sections beside them',
    text: MAPPING,
    reads: [
      '??start_service',
      '?^Component^RequiredAlfaVersion?POSTComponentRequiredAlfaVersion',
      '?^file^get-or-create?GETFileGet-or-create',
      '?XMLCoT?',
      '?MEMORY?ConvertMachineReadableToHumanReadable',
      'Emergency??EmergencyCancelled',
      'Sender?Context@DECORATOR?Action',
    ],
  },
  {
    title: 'a bare key, which DigitalPy refuses',
    text: '[actionmapping]\nEmergencyAlert = a.b.C.m',
    reads: ['??EmergencyAlert'],
    warns: ['2: "EmergencyAlert" has no "\\?" and is read as \\?\\?EmergencyAlert'],
  },
  {
    title: 'an entry that comes twice',
    text: '[actionmapping]\n??a = x.y\n??a = x.z',
    reads: ['??a'],
    warns: ['3: \\?\\?a is mapped again'],
  },
  {
    title: 'CRLF and a byte order mark',
    text: '\ufeff[actionmapping]\r\n??a = x.y\r\n',
    reads: ['??a'],
  },
  // DigitalPy forgets the whole earlier section; nothing that was written is lost here.
  {
    title: 'a section that comes twice in one file',
    text: '[actionmapping]\n??a = x.y\n[actionmapping]\n??b = x.z',
    reads: ['??a', '??b'],
  },
]

const warningsMatch = (
  warnings: readonly { file: string; line: number; message: string }[],
  expected: readonly string[] = [],
) => {
  const told = warnings.map(({ file, line, message }) => `${file}:${line}: ${message}`)
  assert.is(told.length, expected.length, told.join('\n'))
  for (const [i, words] of expected.entries()) {
    assert.match(told[i] ?? '', new RegExp(`^a\\.ini:${words}`))
  }
}

for (const { title, text, reads, warns } of FLOWS) {
  test(`flow file: ${title}`, () => {
    const { flows, warnings } = loadFlows(text, 'a.ini')
    assert.equal(flows.at(-1)?.steps.map(String), reads)
    assert.is(flows.length, 1)
    warningsMatch(warnings, warns)
  })
}

for (const { title, text, reads, warns } of MAPPINGS) {
  test(`mapping file: ${title}`, () => {
    const { map, warnings } = loadActions(text, 'a.ini')
    const keys = map.entries().map(({ key }) => key.toString())
    assert.equal(keys, reads)
    warningsMatch(warnings, warns)
  })
}

test('all flows in one file keep their order and their steps', () => {
  const legal = FLOWS.slice(0, 8)
  const { flows, warnings } = loadFlows(legal.map(({ text }) => text).join('\n\n'), 'a.ini')
  assert.equal(
    flows.map(({ steps }) => steps.map(String)),
    legal.map(({ reads }) => reads),
  )
  assert.is(warnings.length, 3)
})

test("targets stay as they are written, dashes too, where DigitalPy's key pattern cuts them", () => {
  const { map } = loadActions(MAPPING, 'a.ini')
  const target = (key: string) => map.resolve(ActionKey.parse(key))?.target
  assert.match(
    target('?^file^get-or-create?GETFileGet-or-create') ?? '',
    /Files\.GETFileGet-or-create$/,
  )
  assert.match(target('??start_service') ?? '', /ServiceManagement\.start_service$/)
  assert.match(target('any?XMLCoT?b-t-f') ?? '', /default_cot_processor$/)
})

test('list values of other sections: services of a mapping, flows of an api', () => {
  const { sections } = scanIni(MAPPING, 'a.ini')
  const values = (name: string) =>
    sections.find((section) => section.name === name)?.entries.map(({ value }) => value)
  assert.equal(values('servicemapping'), ['[TCPCoTService, ssl_cot_service]'])
  assert.equal(values('digitalpy.core_api'), [
    '[FilmologyManagement__POSTMovie, FilmologyManagement__DELETEMovie]',
  ])
})

test.run()

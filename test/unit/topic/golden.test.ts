// What DigitalPy's own code computed, beside what we answer. Where it has a bug, or where we chose
// otherwise, the reason stands next to the vector.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ZmqError } from '../../../src/core/errors.ts'
import { parseList, scanIni } from '../../../src/flow/ini.ts'
import { loadFlows } from '../../../src/flow/load.ts'
import { ActionKey, type KeyFields } from '../../../src/topic/action-key.ts'
import { ActionMap } from '../../../src/topic/action-map.ts'
import { prefixOf, topicKey, topicOf } from '../../../src/topic/topic.ts'

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8')

// --- Texts of keys: sender, context, decorator, action -----------------------------------------

const SAME_TEXTS: [string, string[]][] = [
  ['S?c@D?a', ['S', 'c', 'D', 'a']],
  ['??', ['', '', '', '']],
  ['?^Component^RequiredAlfaVersion?GET', ['', '^Component^RequiredAlfaVersion', '', 'GET']],
  [
    '?^file^get-or-create?GETFileGet-or-create',
    ['', '^file^get-or-create', '', 'GETFileGet-or-create'],
  ],
  ['ctx?c?a # comment', ['ctx', 'c', '', 'a']],
  ['ctx?c?a ; comment', ['ctx', 'c', '', 'a']],
  ['a?b@D? c', ['a', 'b', 'D', '']],
  ['?ctx@?act', ['', 'ctx', '', 'act']],
]
for (const [text, fields] of SAME_TEXTS) {
  test(`the key ${JSON.stringify(text)} has the parts that DigitalPy reads`, () => {
    const { sender, context, decorator, action } = ActionKey.parse(text)
    assert.equal([sender, context, decorator, action], fields)
  })
}

for (const text of [' a?b?c', 'a?b', 'a?b@c@d?e', 'a b?c?d', 'a.b?c?d']) {
  test(`${JSON.stringify(text)} is no key, in DigitalPy neither`, () => refuses(text))
}

// DigitalPy's match has no end: it reads a/b/c and loses the rest without a word.
test('a third "?" is no key here; DigitalPy reads a?b?c and drops the rest', () =>
  refuses('a?b?c?d'))

// DigitalPy turns an absent part into the text "None" (str(None)) whenever it is set.
test('an absent part stays empty; DigitalPy makes the text "None" of it', () => {
  const absent = undefined as unknown as string
  assert.is(ActionKey.of({ action: absent }).action, '')
  assert.is(ActionKey.parse('S?c?a').with({ action: absent }).action, '')
})

// --- Equality ----------------------------------------------------------------------------------

// DigitalPy has one comparison in which a gap on either side fits everything; the flow is ignored.
test('a gap is wild in the pattern alone: DigitalPy takes ??done for every done, both ways', () => {
  const done = ActionKey.parse('??done')
  const mine = ActionKey.of({ flow: 'F', context: 'c', action: 'done' })
  assert.ok(mine.matches(done))
  assert.not.ok(done.matches(mine))
  assert.not.ok(mine.equals(done))
  assert.ok(mine.matches(ActionKey.parse('??')))
  assert.not.ok(mine.equals(mine.with({ flow: 'G' })))
})

// --- Topics and prefixes -------------------------------------------------------------------------

type Topics = {
  readonly key: Partial<KeyFields>
  readonly digitalPy: readonly [topic: string, prefix: string]
  readonly prefix: string
  readonly why: string
}
const TOPICS: Topics[] = [
  {
    key: { flow: 'F', action: 'done' },
    digitalPy: ['F~~~~done', 'F~~~~done'],
    prefix: 'F~',
    why: 'its prefix also receives done2, and asks for an empty context where a gap means any',
  },
  {
    key: { flow: 'completed_command' },
    digitalPy: ['completed_command~~~~', 'completed_command'],
    prefix: 'completed_command~',
    why: 'its prefix also receives completed_command_2',
  },
  {
    key: { decorator: 'PUBLISH', action: 'start_service' },
    digitalPy: ['~PUBLISH~~~start_service', '~PUBLISH~~~start_service'],
    prefix: '',
    why: 'no prefix says "any flow": ours receives all, to be filtered with matches()',
  },
  {
    key: { flow: 'F', context: 'C' },
    digitalPy: ['F~~~C~', 'F~~~C'],
    prefix: 'F~',
    why: 'its prefix receives context C2, but no message with a sender or a decorator',
  },
  {
    key: { flow: 'F', sender: 'S' },
    digitalPy: ['F~~S~~', 'F~~S'],
    prefix: 'F~',
    why: 'its prefix receives sender S2, but no message with a decorator',
  },
  {
    key: { flow: 'F', decorator: 'D' },
    digitalPy: ['F~D~~~', 'F~D'],
    prefix: 'F~D~',
    why: 'its prefix receives decorator D2',
  },
  { key: {}, digitalPy: ['~~~~', ''], prefix: '', why: 'everything, in both' },
  {
    key: { sender: 'S', context: 'C', action: 'A' },
    digitalPy: ['~~S~C~A', '~S~C~A'],
    prefix: '',
    why: 'a bug: its prefix has one "~" too few and receives nothing, not even its own topic',
  },
]
for (const { key, digitalPy, prefix, why } of TOPICS) {
  test(`topic and prefix of ${JSON.stringify(key)}: ${why}`, () => {
    const built = ActionKey.of(key)
    assert.is(topicOf(built), `${digitalPy[0]}~`, 'one "~" more, so that the last part has an end')
    assert.is(prefixOf(built), prefix)
    assert.ok(topicOf(built).startsWith(prefixOf(built)), 'a prefix receives its own topic')
    assert.ok(topicKey(topicOf(built)).equals(built))
  })
}

test('the vectors that the reasons above speak of: DigitalPy leaks, or receives nothing', () => {
  const topic = (key: Partial<KeyFields>) => topicOf(ActionKey.of(key))
  assert.ok('F~~~~done2'.startsWith('F~~~~done'), 'its leak')
  assert.not.ok(
    topic({ flow: 'F', action: 'done2' }).startsWith(topic({ flow: 'F', action: 'done' })),
  )
  assert.ok('command_ab~~~~'.startsWith('command_a'), 'its leak')
  const prefix = prefixOf(ActionKey.of({ flow: 'command_a' }))
  assert.not.ok(topic({ flow: 'command_ab' }).startsWith(prefix))
  assert.not.ok('~~S~C~A'.startsWith('~S~C~A'), 'its off-by-one')
})

// DigitalPy's wire is one frame, topic~id~body; ours has the topic in a frame of its own, and the id
// in the header, so that a body may hold "~" and a "~" in a part is refused when the key is made.
test('the topics of its two wire vectors: a reply and a published step', () => {
  const { flows } = loadFlows('[Pub]\n?Pub?Push\nSubject?Pub@PUBLISH?one\n??done', 'f')
  assert.is(topicOf(ActionKey.of({ flow: 'Single', action: 'done' })), 'Single~~~~done~')
  assert.is(topicOf(flows[0]?.steps[1] as ActionKey), 'Pub~PUBLISH~Subject~Pub~one~')
  for (const name of ['sender', 'context', 'decorator', 'action', 'flow'] as const) {
    assert.throws(() => ActionKey.of({ [name]: 'a~b' }), /cannot be the/)
  }
})

// --- What the core services subscribe to ------------------------------------------------------------

test('a subscription to each published step of the service flows is DigitalPy\'s, ended by "~"', () => {
  const { flows, warnings } = loadFlows(fixture('service-management-flows.ini'), 'core')
  assert.equal(warnings, [])
  const steps = flows.flatMap(({ steps }) => steps.filter((s) => s.decorator === 'PUBLISH'))
  const usual = ['StartService start_service', 'StopService stop_service']
  usual.push('GetReloadSystemHealth reload_system_health')
  const step = (flow: string, sender: string, context: string, action: string) =>
    `ServiceManagement_${flow}~PUBLISH~${sender}~ServiceManagement__${context}~${action}~`
  assert.equal(steps.map(topicOf), [
    ...usual.map((pair) => {
      const [name = '', action = ''] = pair.split(' ')
      return step(name, 'Subject', name, action)
    }),
    step('GetServiceStatus', '', 'GetServiceStatus', 'get_service_status'),
    step('GetServiceTopics', 'Subject', 'GetServiceTopics', 'get_service_topics'),
    step('PutServiceTopic', 'Subject', 'PutServiceTopic', 'put_service_topic'),
    step('DeleteServiceTopic', 'Subject', 'DeleteServiceTopics', 'delete_service_topic'),
  ])
})

test('messages without a flow: the eight topics it subscribes to are whole topics here', () => {
  const actions = ['publish', 'start_service', 'stop_service', 'reload_system_health']
  actions.push('get_service_status', 'get_service_topics', 'put_service_topic')
  actions.push('delete_service_topic')
  for (const action of actions) {
    const key = ActionKey.of({ decorator: 'PUBLISH', action })
    assert.is(topicOf(key), `~PUBLISH~~~${action}~`)
  }
})

// --- Lookup order --------------------------------------------------------------------------------

const ENTRIES = ['S??', '??a', '?c?a', 'S?c?', 'S??a', '?c?']
const mapOf = (texts: readonly string[]) => {
  const map = new ActionMap()
  for (const text of texts) map.set(ActionKey.parse(text), text)
  return map
}
const winner = (map: ActionMap, key: string) => map.resolve(ActionKey.parse(key))?.target

test('the mapping answers each vector as DigitalPy does; its "no action key" is undefined', () => {
  const vectors: [string, string | undefined][] = [
    ['S?c?a', 'S??a'],
    ['?c?a', '?c?a'],
    ['S?c?z', 'S?c?'],
    ['S?z?z', 'S??'],
    ['?z?a', '??a'],
    ['?c?z', '?c?'],
    ['??', undefined],
  ]
  for (const [key, target] of vectors) assert.is(winner(mapOf(ENTRIES), key), target, key)
})

test('removing the winners one by one gives its order, then the last entry, then nothing', () => {
  const left = new Set(ENTRIES)
  const order: (string | undefined)[] = []
  while (left.size > 0) {
    const won = winner(mapOf([...left]), 'S?c?a')
    order.push(won)
    left.delete(won ?? '')
  }
  assert.equal(order, ['S??a', '?c?a', 'S?c?', 'S??', '??a', '?c?'])
  assert.is(winner(mapOf([]), 'S?c?a'), undefined)
})

// DigitalPy never puts the decorator into the text it looks for, and knows no catch-all.
test('an entry with a decorator is found, and ?? catches the rest: DigitalPy finds neither', () => {
  const map = mapOf(['Sender?Context@DECORATOR?Action', '??'])
  assert.is(winner(map, 'Sender?Context@DECORATOR?Action'), 'Sender?Context@DECORATOR?Action')
  assert.is(winner(map, 'Sender?Context?Action'), '??')
  assert.is(winner(map, '??'), '??')
})

// FreeTAKServer sends `connection` to the entry `?Repeater?Connection`; today's DigitalPy minds case.
test('ignoreCase serves the mappings of before', () => {
  const map = new ActionMap({ ignoreCase: true })
  map.set(ActionKey.parse('?Repeater?Connection'), 'x')
  assert.is(map.resolve(ActionKey.parse('?Repeater?connection'))?.target, 'x')
})

// --- Values in ini files -----------------------------------------------------------------------

const iniValue = (...lines: string[]) =>
  scanIni(['[s]', ...lines].join('\n'), 'a.ini').sections[0]?.entries[0]?.value ?? ''

// DigitalPy guesses types while reading ([1,2] are floats, 8080 is 8080.0, `nan` a number); here a
// value stays the text that was written, and whoever needs a number asks for one.
test('a list over lines with a comment inside has its items, as texts', () => {
  assert.equal(parseList(iniValue('k=[', ' 1,', '; c', ' 2]')), ['1', '2'])
  assert.equal(parseList(iniValue('k = [1, x]')), ['1', 'x'])
})

test('"true ; x" is all value: only a line that starts with ";" is a comment', () => {
  assert.is(iniValue('k = true ; x'), 'true ; x')
})

test('1e3 stays as written, and is the number 1000 for who asks', () => {
  assert.is(iniValue('k = 1e3'), '1e3')
  assert.is(Number(iniValue('k = 1e3')), 1000)
})

// DigitalPy: [''] and ['a', '', 'b'].
test('an empty list has no items, and no item is empty', () => {
  assert.equal(parseList('[]'), [])
  assert.equal(parseList('[a,,b]'), ['a', 'b'])
})

test('blanks inside a section name stay; text behind it warns, where DigitalPy takes it in', () => {
  assert.is(scanIni('[B ]', 'a').sections[0]?.name, 'B ')
  const { sections, warnings } = scanIni('[X] ; note', 'a.ini')
  assert.is(sections[0]?.name, 'X') // in a DigitalPy flow file: "X] ; not"
  assert.match(warnings[0]?.message ?? '', /text after \[X\] is ignored/)
})

// DigitalPy ends in a bare StopIteration.
test('a list that is not closed is refused with its file and line', () => {
  assert.throws(() => scanIni('[s]\nk = [1,\n2', 'a.ini'), /^a\.ini:2: the list .* is not closed/)
})

function refuses(text: string): void {
  try {
    ActionKey.parse(text)
  } catch (error) {
    assert.is((error as ZmqError).code, 'EINVAL')
    return
  }
  assert.unreachable(`read ${text}`)
}

test.run()

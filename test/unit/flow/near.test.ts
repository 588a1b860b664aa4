// What somebody probably meant.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nearest } from '../../../src/flow/near.ts'

test('a slip or two is forgiven, another word is not', () => {
  const known = ['timeout', 'delivery', 'wait', 'order_by', 'ServiceManagementConfiguration']
  for (const [word, meant] of [
    ['timout', 'timeout'],
    ['tiemout', 'timeout'],
    ['Order-By', 'order_by'],
    ['delivry', 'delivery'],
    ['wiat', 'wait'],
    ['ServicesManagmentConfigration', 'ServiceManagementConfiguration'],
    ['timeout', undefined],
    ['wet', undefined],
    ['port', undefined],
    ['', undefined],
    ['ManagementConfiguration', undefined],
  ] as const)
    assert.is(nearest(word, known), meant, word)
})

test.run()

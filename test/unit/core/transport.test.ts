// The registry of transports by URL scheme.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseEndpoint } from '../../../src/core/endpoint.ts'
import { ZmqError } from '../../../src/core/errors.ts'
import { registerTransport, type Transport, transportFor } from '../../../src/core/transport.ts'

function fake(...schemes: string[]): Transport {
  return {
    schemes,
    connect: () => {},
    bind: async (endpoint) => ({ endpoint: endpoint.text, close: async () => {} }),
  }
}

function refusal(call: () => unknown): ZmqError {
  try {
    call()
  } catch (error) {
    assert.instance(error, ZmqError)
    return error as ZmqError
  }
  throw new Error('was accepted')
}

const dove = fake('dove', 'doves')

test('an unknown scheme is refused, and with nothing registered it says so', () => {
  const error = refusal(() => transportFor(parseEndpoint('dove://roof')))
  assert.is(error.code, 'EPROTONOSUPPORT')
  assert.match(error.message, 'known here: none')
})

test('a transport is found by each of its schemes, whatever their case', () => {
  registerTransport(dove)
  assert.is(transportFor(parseEndpoint('dove://roof')), dove)
  assert.is(transportFor(parseEndpoint('DOVES://roof')), dove)
})

test('an unknown scheme is refused with the known ones', () => {
  const error = refusal(() => transportFor(parseEndpoint('owl://barn')))
  assert.is(error.code, 'EPROTONOSUPPORT')
  assert.is(error.address, 'owl://barn')
  assert.match(error.message, 'owl://')
  assert.match(error.message, 'known here: dove:// doves://')
})

test('a scheme can be taken once, and a refused transport takes none of its others', () => {
  const error = refusal(() => registerTransport(fake('raven', 'doves')))
  assert.is(error.code, 'EINVAL')
  assert.match(error.message, 'doves://')
  assert.is(refusal(() => transportFor(parseEndpoint('raven://x'))).code, 'EPROTONOSUPPORT')
})

test.run()

// Endpoint text: what parses to what, and what is refused with which words.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatHostPort, parseEndpoint, parseHostPort } from '../../../src/core/endpoint.ts'
import { ZmqError } from '../../../src/core/errors.ts'

function refusal(call: () => unknown): ZmqError {
  try {
    call()
  } catch (error) {
    assert.instance(error, ZmqError)
    return error as ZmqError
  }
  throw new Error('was accepted')
}

test('scheme and address are taken apart; the scheme is lower case, the text stays', () => {
  for (const [text, scheme, address] of [
    ['inproc://name', 'inproc', 'name'],
    ['IPC:///tmp/x.sock', 'ipc', '/tmp/x.sock'],
    ['ipc://@abstract', 'ipc', '@abstract'],
    ['tcp://[::1]:5555', 'tcp', '[::1]:5555'],
    ['ws://host:80/a?b://c', 'ws', 'host:80/a?b://c'],
    ['my.own+x-1://a', 'my.own+x-1', 'a'],
  ] as const) {
    assert.equal(parseEndpoint(text), { scheme, address, text })
  }
})

test('what is not scheme://address is refused with EINVAL and an example', () => {
  for (const text of ['', 'name', 'tcp:', 'tcp://', '://x', '1tcp://x', 'tcp:/x', ' tcp://x']) {
    const { code, message, address } = refusal(() => parseEndpoint(text))
    assert.is(code, 'EINVAL', text)
    assert.match(message, 'tcp://127.0.0.1:5555')
    assert.is(address, text)
  }
  assert.match(refusal(() => parseEndpoint(7 as never)).message, 'not number')
  assert.is(refusal(() => parseEndpoint(undefined as never)).code, 'EINVAL')
})

test('host, port and path', () => {
  for (const [address, use, host, port, path] of [
    ['127.0.0.1:5555', 'connect', '127.0.0.1', 5555, ''],
    ['localhost:1', 'connect', 'localhost', 1, ''],
    ['[::1]:65535', 'connect', '::1', 65535, ''],
    ['::1:80', 'connect', '::1', 80, ''],
    ['host:80/chat/room', 'connect', 'host', 80, '/chat/room'],
    ['host:80/a:b', 'bind', 'host', 80, '/a:b'],
    ['*:5555', 'bind', '*', 5555, ''],
    ['127.0.0.1:*', 'bind', '127.0.0.1', 0, ''],
    ['*:*', 'bind', '*', 0, ''],
    ['[::]:0', 'bind', '::', 0, ''],
  ] as const) {
    assert.equal(parseHostPort(parseEndpoint(`tcp://${address}`), use), { host, port, path })
  }
})

test('a malformed host or port is refused with EINVAL and the reason', () => {
  for (const [address, use, reason] of [
    ['localhost', 'connect', /port is missing/],
    ['host/path', 'connect', /port is missing/],
    [':80', 'connect', /host is missing or malformed/],
    ['[]:80', 'connect', /host is missing or malformed/],
    ['[::1:80', 'connect', /host is missing or malformed/],
    ['::1]:80', 'connect', /host is missing or malformed/],
    ['[[::1]]:80', 'connect', /host is missing or malformed/],
    ['a b:80', 'connect', /host is missing or malformed/],
    ['host:', 'connect', /'' is not a port/],
    ['host:http', 'connect', /'http' is not a port/],
    ['host:-1', 'connect', /'-1' is not a port/],
    ['host:1.5', 'connect', /'1.5' is not a port/],
    ['host:65536', 'bind', /65536 is over 65535/],
    ['*:80', 'connect', /not \*/],
    ['host:0', 'connect', /needs a port number/],
    ['host:*', 'connect', /needs a port number/],
  ] as const) {
    const text = `tcp://${address}`
    const error = refusal(() => parseHostPort(parseEndpoint(text), use))
    assert.is(error.code, 'EINVAL', address)
    assert.match(error.message, reason)
    assert.is(error.address, text)
  }
})

test('formatting puts IPv6 in brackets, and parses back', () => {
  assert.is(formatHostPort('tcp', '::1', 80), 'tcp://[::1]:80')
  assert.is(formatHostPort('ws', 'host', 80, '/p'), 'ws://host:80/p')
  const parsed = parseHostPort(parseEndpoint(formatHostPort('tcp', 'fe80::1', 9, '/x')), 'connect')
  assert.equal(parsed, { host: 'fe80::1', port: 9, path: '/x' })
})

test.run()

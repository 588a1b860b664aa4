// In a whole run of the tests, which has just built the package, workers and services run what the
// build made of their entries: they start ten times as fast as through tsx.
import { hostsFrom } from '../../src/manager/host/host.ts'

if (process.env['TEST_BUILT'] === 'yes') hostsFrom(new URL('../../dist/', import.meta.url))

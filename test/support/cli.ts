// The `zmanager` command as tests start it: what is installed in whole runs, which have just built it
// (it starts ten times as fast); the sources where one file is tried.
import { fileURLToPath } from 'node:url'

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const SOURCES = ['--import', import.meta.resolve('tsx'), at('src/cli/main.ts')]

/** Arguments of Node; those of the command follow. */
export const ZMANAGER: readonly string[] =
  process.env['TEST_BUILT'] === 'yes' ? [at('dist/cli/main.js')] : SOURCES

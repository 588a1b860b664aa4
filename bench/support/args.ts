// Command lines of the bench tools: positional arguments as libzmq's perf tools have them. A bad
// argument prints the usage and exits 2; any other failure prints its message and exits 1. Every tool
// takes --dist: what it measures is then the build in dist/, in processes without a TypeScript loader.

/** What is wrong with the command line. */
export class UsageError extends Error {}

const LARGEST_SIZE = 2 ** 30
const DIST_FLAG = '--dist'

/** Runs a tool with its command line arguments. */
export async function main(
  usage: string,
  run: (args: string[]) => Promise<number | undefined>,
): Promise<void> {
  const given = process.argv.slice(2)
  const args = given.filter((arg) => arg !== DIST_FLAG)
  if (args.includes('--help') || args.includes('-h')) {
    console.log(
      `usage: ${usage}\n  ${DIST_FLAG}    measures the build in dist/ instead of the sources`,
    )
    return
  }
  try {
    if (args.length < given.length) process.once('exit', await plain())
    process.exitCode = (await run(args)) ?? 0
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    console.error(message)
    if (error instanceof UsageError) console.error(`usage: ${usage}`)
    process.exit(error instanceof UsageError ? 2 : 1)
  }
}

async function plain(): Promise<() => void> {
  const { plainStations } = await import('./stations.ts')
  return plainStations()
}

/** Takes exactly as many arguments as there are names. */
export function positionals(args: readonly string[], names: readonly string[]): string[] {
  const option = args.find((arg) => arg.startsWith('--'))
  if (option !== undefined) throw new UsageError(`unknown option ${option}`)
  if (args.length === names.length) return [...args]
  throw new UsageError(`expected ${names.join(', ')}: got ${args.length} arguments`)
}

/** An endpoint for two processes. */
export function endpointArg(text: string | undefined): string {
  if (text === undefined || !/^[a-z][a-z0-9+.-]*:\/\/.+$/i.test(text))
    throw new UsageError(`not an endpoint: '${text}' (for example tcp://127.0.0.1:5555)`)
  if (/^inproc:/i.test(text))
    throw new UsageError('inproc does not reach another process: use inproc_thr')
  return text
}

export function sizeArg(text: string | undefined, least = 0): number {
  return wholeNumber('message size', text, least, LARGEST_SIZE)
}

export function countArg(name: string, text: string | undefined, least = 1): number {
  return wholeNumber(name, text, least, Number.MAX_SAFE_INTEGER)
}

function wholeNumber(name: string, text: string | undefined, least: number, most: number): number {
  const value = Number(text)
  if (text !== undefined && /^\d+$/.test(text) && value >= least && value <= most) return value
  throw new UsageError(`${name} must be a whole number from ${least} to ${most}, not '${text}'`)
}

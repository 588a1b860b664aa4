// Standard Schema, version 1: what zod, valibot, arktype and others give their schemas, as far as it
// is used here. Declared, not imported: no library is chosen by this. Source: standardschema.dev.

import { ZmqError } from '../../core/errors.ts'

/** A schema that takes values of `Input` and gives values of `Output`. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    /** Never there at run time. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

export type InputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input']
export type OutputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output']

const MOST_ISSUES = 10

/** What the schema makes of a value. Rejects with `code`, naming the first issues and where they are. */
export async function validated<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
  what: string,
  code: string,
): Promise<Output> {
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return result.value
  const texts = result.issues.slice(0, MOST_ISSUES).map(textOf)
  const more = result.issues.length - texts.length
  if (more > 0) texts.push(`and ${more} more`)
  throw new ZmqError(code, `its ${what} does not fit: ${texts.join('; ')}`)
}

function textOf({ message, path = [] }: SchemaIssue): string {
  const names = path.map((part) => String(typeof part === 'object' ? part.key : part))
  return names.length === 0 ? message : `${names.join('.')}: ${message}`
}

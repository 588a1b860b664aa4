// For assert.throws: the error must have this code.
export function coded(code: string): (error: Error) => boolean {
  return (error) => (error as { code?: unknown }).code === code
}

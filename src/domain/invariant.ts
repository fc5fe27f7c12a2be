/** A broken assumption is a bug, not a refusal: it is thrown and never handled as an outcome. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

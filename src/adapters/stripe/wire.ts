/**
 * Reads fields of Stripe's JSON without trusting its shape: enums are open, fields come and go with API
 * versions. A field that we need and that is missing or of another type is an error that names it.
 */
export class UnreadableEventError extends Error {
  override readonly name = 'UnreadableEventError';
}

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function wrong(path: string, wanted: string): never {
  throw new UnreadableEventError(`${path} is not ${wanted}`);
}

export function objectAt(parent: Json, name: string): Json {
  const value = parent[name];
  return isObject(value) ? value : wrong(name, 'an object');
}

export const optionalObject = (parent: Json, name: string): Json | null => {
  const value = parent[name];
  return isObject(value) ? value : null;
};

export const objectsAt = (parent: Json, name: string): readonly Json[] => {
  const value = parent[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
};

export function textAt(parent: Json, name: string): string {
  const value = parent[name];
  return typeof value === 'string' ? value : wrong(name, 'a text');
}

export const optionalText = (parent: Json, name: string): string | null => {
  const value = parent[name];
  return typeof value === 'string' ? value : null;
};

export function integerAt(parent: Json, name: string): number {
  const value = parent[name];
  return Number.isSafeInteger(value) ? Number(value) : wrong(name, 'a whole number');
}

export const flagAt = (parent: Json, name: string): boolean => {
  const value = parent[name];
  return typeof value === 'boolean' ? value : wrong(name, 'true or false');
};

/** An id given as a text or as the object itself. */
export function idAt(parent: Json, name: string): string {
  return optionalId(parent, name) ?? wrong(name, 'an id');
}

export function optionalId(parent: Json, name: string): string | null {
  const value = parent[name];
  if (typeof value === 'string') return value;
  return isObject(value) ? optionalText(value, 'id') : null;
}

/** One of the known values; an unknown one is an error, because acting on a guess could move money. */
export function oneOf<const T extends string>(parent: Json, name: string, known: readonly T[]): T {
  const value = parent[name];
  return known.find((k) => k === value) ?? wrong(name, `one of ${known.join(', ')}`);
}

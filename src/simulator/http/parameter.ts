/**
 * The description of an operation's parameters, and the parser made from it. One small schema an operation gives
 * types to its handler, and Stripe's errors to its callers: unknown, missing, empty, or of the wrong type.
 */
import { emptyParameter, invalidRequest, missingParameter, unknownParameter } from './failure.ts';
import type { FormMap, FormNode } from './form.ts';

export interface Field<T, R extends boolean = boolean> {
  readonly required: R;
  /** Parses one value; `path` is its full name, for messages. */
  readonly parse: (node: FormNode, path: string) => T;
}
export type Shape = Readonly<Record<string, Field<unknown>>>;
export type Values<S extends Shape> = {
  readonly [K in keyof S]: S[K] extends Field<infer T, infer R>
    ? R extends true
      ? T
      : T | undefined
    : never;
};

const TEXT_LENGTH_MAX = 5_000;
const METADATA_KEYS_MAX = 50;
const METADATA_KEY_LENGTH_MAX = 40;
const METADATA_VALUE_LENGTH_MAX = 500;

const field = <T>(parse: (node: FormNode, path: string) => T): Field<T, false> => ({
  required: false,
  parse,
});

export const required = <T>(inner: Field<T>): Field<T, true> => ({
  required: true,
  parse: inner.parse,
});

/** An empty string means "unset" for this field. */
export const unsettable = <T>(inner: Field<T>): Field<T | null, false> =>
  field((node, path) => (node === '' ? null : inner.parse(node, path)));

function scalar(node: FormNode, path: string, kind: string): string {
  if (typeof node !== 'string')
    throw invalidRequest(`Invalid ${kind}: ${describe(node)}`, { param: path });
  if (node === '') throw emptyParameter(path);
  return node;
}

const describe = (node: FormNode): string => (typeof node === 'string' ? node : '{...}');

export const text = (options: { max?: number } = {}): Field<string, false> =>
  field((node, path) => {
    const value = scalar(node, path, 'string');
    const max = options.max ?? TEXT_LENGTH_MAX;
    if (value.length <= max) return value;
    throw invalidRequest(
      `Invalid string: ${value.slice(0, 20)}...; must be at most ${max} characters`,
      {
        code: 'parameter_invalid_string_length', // Stripe's own code is not documented for these operations.
        param: path,
      },
    );
  });

export const integer = (): Field<number, false> =>
  field((node, path) => {
    const value = scalar(node, path, 'integer');
    const number = Number(value);
    if (/^-?\d+$/.test(value) && Number.isSafeInteger(number)) return number;
    throw invalidRequest(`Invalid integer: ${value}`, {
      code: 'parameter_invalid_integer',
      param: path,
    });
  });

/** An amount in minor units of some currency; must be above zero. */
export const amount = (): Field<number, false> =>
  field((node, path) => {
    const value = integer().parse(node, path);
    if (value > 0) return value;
    throw invalidRequest('This value must be greater than or equal to 1.', {
      code: 'parameter_invalid_integer',
      param: path,
    });
  });

export const nonNegative = (): Field<number, false> =>
  field((node, path) => {
    const value = integer().parse(node, path);
    if (value >= 0) return value;
    throw invalidRequest('This value must be greater than or equal to 0.', {
      code: 'parameter_invalid_integer',
      param: path,
    });
  });

/** A decimal number kept as text, as the API's `*_decimal` fields are. */
export const decimal = (): Field<string, false> =>
  field((node, path) => {
    const value = scalar(node, path, 'decimal');
    if (/^-?\d+(\.\d+)?$/.test(value)) return value;
    throw invalidRequest(
      `Invalid decimal: ${value}; must contain a maximum of 12 decimal places.`,
      { param: path },
    );
  });

export const flag = (): Field<boolean, false> =>
  field((node, path) => {
    const value = scalar(node, path, 'boolean');
    if (value === 'true' || value === 'false') return value === 'true';
    throw invalidRequest(`Invalid boolean: ${value}`, { param: path });
  });

export const choice = <const T extends string>(choices: readonly T[]): Field<T, false> =>
  field((node, path) => {
    const value = scalar(node, path, 'string');
    const found = choices.find((c) => c === value);
    if (found !== undefined) return found;
    const name = path.replace(/.*\[(\w+)\]$/, '$1');
    throw invalidRequest(`Invalid ${name}: must be one of ${alternatives(choices)}`, {
      param: path,
    });
  });

const alternatives = (choices: readonly string[]): string =>
  choices.length < 2
    ? choices.join('')
    : `${choices.slice(0, -1).join(', ')}, or ${choices.at(-1)}`;

/** An array; an empty string is the empty array. */
export const list = <T>(inner: Field<T>): Field<readonly T[], false> =>
  field((node, path) => {
    if (node === '') return [];
    if (typeof node === 'string') throw invalidRequest('Invalid array', { param: path });
    const entries = [...node.entries()];
    if (entries.some(([key]) => !/^\d+$/.test(key)))
      throw invalidRequest('Invalid array', { param: path });
    return entries
      .toSorted(([a], [b]) => Number(a) - Number(b))
      .map(([key, value]) => inner.parse(value, `${path}[${key}]`));
  });

export const object = <S extends Shape>(shape: S): Field<Values<S>, false> =>
  field((node, path) => {
    if (node === '') throw emptyParameter(path);
    if (typeof node === 'string') throw invalidRequest('Invalid object', { param: path });
    return parseShape(shape, node, path);
  });

/** A change of metadata: `null` clears all, a `null` value removes its key, everything else is merged. */
export type MetadataChange = Readonly<Record<string, string | null>> | null;

export const metadata = (): Field<MetadataChange, false> =>
  field((node, path) => {
    if (node === '') return null;
    if (typeof node === 'string') throw invalidRequest('Invalid object', { param: path });
    return Object.fromEntries(
      [...node.entries()].map(([key, value]) => metadataEntry(key, value, path)),
    );
  });

function metadataEntry(key: string, value: FormNode, path: string): [string, string | null] {
  const param = `${path}[${key}]`;
  if (typeof value !== 'string') throw invalidRequest('Metadata values must be strings', { param });
  if (key.length > METADATA_KEY_LENGTH_MAX || key === '') {
    throw invalidRequest(
      `Metadata keys must have 1 to ${METADATA_KEY_LENGTH_MAX} characters: ${key}`,
      { param },
    );
  }
  if (value.length > METADATA_VALUE_LENGTH_MAX) {
    throw invalidRequest(
      `Metadata values can have up to ${METADATA_VALUE_LENGTH_MAX} characters, but you passed in a value that is ${value.length} characters.`,
      { param },
    );
  }
  return [key, value === '' ? null : value];
}

/** Applies a change to stored metadata. Throws a 400 when more than 50 keys would remain. */
export function mergeMetadata(
  stored: Readonly<Record<string, string>>,
  change: MetadataChange | undefined,
): Readonly<Record<string, string>> {
  if (change === undefined) return stored;
  if (change === null) return {};
  const merged = new Map(Object.entries(stored));
  for (const [key, value] of Object.entries(change)) {
    if (value === null) merged.delete(key);
    else merged.set(key, value);
  }
  if (merged.size > METADATA_KEYS_MAX) {
    throw invalidRequest(`Metadata can have up to ${METADATA_KEYS_MAX} keys.`, {
      param: 'metadata',
    });
  }
  return Object.fromEntries(merged);
}

/** A moment filter: a number of Unix seconds, or bounds. */
export interface TimeRange {
  readonly gt: number | undefined;
  readonly gte: number | undefined;
  readonly lt: number | undefined;
  readonly lte: number | undefined;
}

export const timeRange = (): Field<TimeRange, false> =>
  field((node, path) => {
    if (typeof node === 'string') {
      const at = integer().parse(node, path);
      return { gt: undefined, gte: at, lt: undefined, lte: at };
    }
    return parseShape({ gt: integer(), gte: integer(), lt: integer(), lte: integer() }, node, path);
  });

export function parseShape<S extends Shape>(shape: S, form: FormMap, parent = ''): Values<S> {
  const name = (key: string): string => (parent === '' ? key : `${parent}[${key}]`);
  for (const key of form.keys()) if (!Object.hasOwn(shape, key)) throw unknownParameter(name(key));
  const values: Record<string, unknown> = {};
  for (const [key, described] of Object.entries(shape)) {
    const node = form.get(key);
    if (node !== undefined) values[key] = described.parse(node, name(key));
    else if (described.required) throw missingParameter(name(key));
  }
  return values as Values<S>;
}

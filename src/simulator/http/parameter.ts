/**
 * The description of an operation's parameters, and the parser made from it. One small schema an operation gives
 * types to its handler, and Stripe's errors to its callers: unknown, missing, empty, or of the wrong type.
 */
import { emptyParameter, invalidRequest, missingParameter, unknownParameter } from './failure.ts';
import type { FormMap, FormNode } from './form.ts';

/** The part of JSON Schema that describes parameters. */
export interface Schema {
  readonly type?: 'array' | 'boolean' | 'integer' | 'number' | 'object' | 'string';
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly nullable?: boolean;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
}

export interface Field<T, R extends boolean = boolean> {
  readonly required: R;
  /** Parses one value; `path` is its full name, for messages. */
  readonly parse: (node: FormNode, path: string) => T;
  /** What it takes, for readers; `parse` is what decides. */
  readonly schema: Schema;
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

export const field = <T>(
  schema: Schema,
  parse: (node: FormNode, path: string) => T,
): Field<T, false> => ({ required: false, parse, schema });

export const required = <T>(inner: Field<T>): Field<T, true> => ({ ...inner, required: true });

/** An empty string means "unset" for this field. */
export const unsettable = <T>(inner: Field<T>): Field<T | null, false> =>
  field({ ...inner.schema, nullable: true }, (node, path) =>
    node === '' ? null : inner.parse(node, path),
  );

/** A field with a rule of its own on top: `refine` returns what to say against the value, if anything. */
export const refined = <T>(
  inner: Field<T>,
  refine: (value: T, path: string) => { message: string; code?: string } | undefined,
): Field<T, false> =>
  field(inner.schema, (node, path) => {
    const value = inner.parse(node, path);
    const problem = refine(value, path);
    if (problem === undefined) return value;
    const { message, code } = problem;
    throw invalidRequest(message, { param: path, ...(code === undefined ? {} : { code }) });
  });

function scalar(node: FormNode, path: string, kind: string): string {
  if (typeof node !== 'string')
    throw invalidRequest(`Invalid ${kind} for ${path}: ${describe(node)}`, { param: path });
  if (node === '') throw emptyParameter(path);
  return node;
}

const describe = (node: FormNode): string => (typeof node === 'string' ? node : '{...}');

export const text = (options: { max?: number } = {}): Field<string, false> => {
  const max = options.max ?? TEXT_LENGTH_MAX;
  return field({ type: 'string', maxLength: max }, (node, path) => {
    const value = scalar(node, path, 'string');
    if (value.length <= max) return value;
    throw invalidRequest(
      `Invalid string for ${path}: ${value.slice(0, 20)}...; must be at most ${max} characters`,
      {
        code: 'parameter_invalid_string_length', // Stripe's own code is not documented for these operations.
        param: path,
      },
    );
  });
};

interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** A whole number, of any size that is exact unless bounds are given. */
export const integer = ({ min, max }: Range = {}): Field<number, false> =>
  field({ type: 'integer', ...bounds({ min, max }) }, (node, path) => {
    const value = scalar(node, path, 'integer');
    const number = Number(value);
    if (!/^-?\d+$/.test(value) || !Number.isSafeInteger(number)) {
      throw invalidRequest(`Invalid integer for ${path}: ${value}`, {
        code: 'parameter_invalid_integer',
        param: path,
      });
    }
    return withinBounds(number, path, { min, max });
  });

/** Any finite number; only control routes take such. */
export const number = ({ min, max }: Range = {}): Field<number, false> =>
  field({ type: 'number', ...bounds({ min, max }) }, (node, path) => {
    const given = scalar(node, path, 'number');
    const value = Number(given);
    if (!Number.isFinite(value))
      throw invalidRequest(`Invalid number for ${path}: ${given}`, { param: path });
    return withinBounds(value, path, { min, max });
  });

type Bounds = { readonly min: number | undefined; readonly max: number | undefined };

const bounds = ({ min, max }: Bounds): Schema => ({
  ...(min === undefined ? {} : { minimum: min }),
  ...(max === undefined ? {} : { maximum: max }),
});

function withinBounds(value: number, path: string, { min, max }: Bounds): number {
  const low = min !== undefined && value < min;
  if (!low && (max === undefined || value <= max)) return value;
  throw invalidRequest(
    `Invalid ${path}: it must be ${low ? `greater than or equal to ${min}` : `less than or equal to ${max}`}.`,
    { code: 'parameter_invalid_integer', param: path },
  );
}

/** Stripe takes amounts of up to eight digits, in minor units of any currency. */
const AMOUNT_MAX = 99_999_999;

/** An amount in minor units of some currency; must be above zero. */
export const amount = (): Field<number, false> => integer({ min: 1, max: AMOUNT_MAX });

/** The same, but it may be zero. */
export const nonNegative = (): Field<number, false> => integer({ min: 0, max: AMOUNT_MAX });

/** A decimal number kept as text, as the API's `*_decimal` fields are. */
export const decimal = (): Field<string, false> =>
  field({ type: 'string' }, (node, path) => {
    const value = scalar(node, path, 'decimal');
    if (/^-?\d+(\.\d+)?$/.test(value)) return value;
    throw invalidRequest(
      `Invalid decimal for ${path}: ${value}; must contain a maximum of 12 decimal places.`,
      { param: path },
    );
  });

export const flag = (): Field<boolean, false> =>
  field({ type: 'boolean' }, (node, path) => {
    const value = scalar(node, path, 'boolean');
    if (value === 'true' || value === 'false') return value === 'true';
    throw invalidRequest(`Invalid boolean for ${path}: ${value}`, { param: path });
  });

export const choice = <const T extends string>(choices: readonly T[]): Field<T, false> =>
  field({ type: 'string', enum: choices }, (node, path) => {
    const value = scalar(node, path, 'string');
    const found = choices.find((c) => c === value);
    if (found !== undefined) return found;
    throw invalidRequest(`Invalid ${path}: must be one of ${alternatives(choices)}`, {
      param: path,
    });
  });

const alternatives = (choices: readonly string[]): string =>
  choices.length < 2
    ? choices.join('')
    : `${choices.slice(0, -1).join(', ')}, or ${choices.at(-1)}`;

/** An array; an empty string is the empty array. */
export const list = <T>(inner: Field<T>): Field<readonly T[], false> =>
  field({ type: 'array', items: inner.schema }, (node, path) => {
    if (node === '') return [];
    if (typeof node === 'string')
      throw invalidRequest(`Invalid array for ${path}`, { param: path });
    const entries = [...node.entries()];
    if (entries.some(([key]) => !/^\d+$/.test(key)))
      throw invalidRequest(`Invalid array for ${path}`, { param: path });
    return entries
      .toSorted(([a], [b]) => Number(a) - Number(b))
      .map(([key, value]) => inner.parse(value, `${path}[${key}]`));
  });

export const object = <S extends Shape>(shape: S): Field<Values<S>, false> =>
  field(schemaOf(shape), (node, path) => {
    if (node === '') throw emptyParameter(path);
    if (typeof node === 'string')
      throw invalidRequest(`Invalid object for ${path}`, { param: path });
    return parseShape(shape, node, path);
  });

/** A moment filter: a number of Unix seconds, or bounds. */
export interface TimeRange {
  readonly gt: number | undefined;
  readonly gte: number | undefined;
  readonly lt: number | undefined;
  readonly lte: number | undefined;
}

const MOMENTS = { gt: integer(), gte: integer(), lt: integer(), lte: integer() };

export const timeRange = (): Field<TimeRange, false> =>
  field({ anyOf: [{ type: 'integer' }, schemaOf(MOMENTS)] }, (node, path) => {
    if (typeof node === 'string') {
      const at = integer().parse(node, path);
      return { gt: undefined, gte: at, lt: undefined, lte: at };
    }
    return parseShape(MOMENTS, node, path);
  });

/** The schema of a whole shape. */
export function schemaOf(shape: Shape): Schema {
  const fields = Object.entries(shape);
  const names = fields.flatMap(([name, entry]) => (entry.required ? [name] : []));
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(([name, entry]) => [name, entry.schema])),
    ...(names.length === 0 ? {} : { required: names }),
    additionalProperties: false,
  };
}

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

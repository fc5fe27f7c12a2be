/** One operation of the API: method, path, parameters, handler. The route table is a list of these. */
import type { Kind, Scope } from '../world/kind.ts';
import type { Row } from '../world/table.ts';
import {
  type Answers,
  checkExpand,
  checkReadPaths,
  expandAnswer,
  expandWritten,
} from './expand.ts';
import { invalidRequest, unknownObject } from './failure.ts';
import type { FormMap } from './form.ts';
import {
  integer,
  list,
  parseShape,
  type Schema,
  type Shape,
  schemaOf,
  type TimeRange,
  text,
  type Values,
} from './parameter.ts';

type Method = 'DELETE' | 'GET' | 'POST';

interface Call<P> extends Scope {
  readonly params: P;
  /** The first placeholder of the path, e.g. the card's id. */
  readonly id: string;
}

type Run = (scope: Scope, id: string) => object | Promise<object>;

export interface Operation {
  readonly method: Method;
  /** With placeholders in braces. */
  readonly path: string;
  /** Of its parameters, `expand` included. */
  readonly schema: Schema;
  /** The date of the first API version that has it; undefined for all. */
  readonly since: string | undefined;
  /** Calls a second that an account may make; undefined for as many as of most operations. */
  readonly rate: number | undefined;
  /** Checks the parameters; throws a 400. What it returns carries the operation out. */
  readonly prepare: (form: FormMap) => Run;
}

/** Parts of an object that are shown only when a caller expands them, by name. */
export type Extras = Readonly<Record<string, (call: Scope & { readonly id: string }) => unknown>>;

export interface OperationInput<S extends Shape> {
  readonly method: Method;
  readonly path: string;
  readonly params: S;
  readonly since?: string;
  readonly rate?: number;
  readonly extras?: Extras;
  /** What a read answers with, where that is always the same. */
  readonly answers?: Answers;
  /** Refuses what the parameters say together; throws a 400. */
  readonly check?: ((params: Values<S>) => void) | undefined;
  readonly handle: (call: Call<Values<S>>) => object | Promise<object>;
}

const COMMON = { expand: list(text()) };

export function operation<S extends Shape>(input: OperationInput<S>): Operation {
  const shape = { ...input.params, ...COMMON };
  return {
    method: input.method,
    path: input.path,
    schema: schemaOf(shape),
    since: input.since,
    rate: input.rate,
    prepare(form) {
      const params = parseShape<Shape & typeof COMMON>(shape, form);
      const extras = input.extras ?? {};
      const paths = params.expand ?? [];
      const isWrite = input.method !== 'GET';
      const ordinary = paths.filter((path) => !Object.hasOwn(extras, path));
      if (isWrite) checkExpand(ordinary);
      else if (input.answers !== undefined) checkReadPaths(input.answers, ordinary);
      // The shape that parsed the parameters is the one that gives them their type.
      const values = params as unknown as Values<S>;
      input.check?.(values);
      return async (scope, id) => {
        const call = { ...scope, id, params: values };
        const answer = await input.handle(call);
        return paths.length === 0 ? answer : expandWith(call, answer, { paths, extras, isWrite });
      };
    },
  };
}

function expandWith(
  call: Scope & { readonly id: string },
  answer: object,
  wanted: { readonly paths: readonly string[]; readonly extras: Extras; readonly isWrite: boolean },
): object {
  const ordinary = wanted.paths.filter((path) => !Object.hasOwn(wanted.extras, path));
  const expand = wanted.isWrite ? expandWritten : expandAnswer;
  const expanded = ordinary.length === 0 ? answer : expand(call, answer, ordinary);
  const shown = wanted.paths.flatMap((path) => {
    const extra = Object.hasOwn(wanted.extras, path) ? wanted.extras[path] : undefined;
    const value = extra?.(call);
    return value === undefined ? [] : [[path, value]];
  });
  return shown.length === 0 ? expanded : { ...expanded, ...Object.fromEntries(shown) };
}

/** The row named in the path. Throws a 404. */
export function find<R extends Row>(scope: Scope, kind: Kind<R>, id: string): R {
  const row = kind.table(scope.account).get(id);
  if (row === undefined) throw unknownObject(kind.label, id);
  return row;
}

export function retrieveOperation<R extends Row>(
  path: string,
  kind: Kind<R>,
  extras: Extras = {},
): Operation {
  return operation({
    method: 'GET',
    path,
    params: {},
    extras,
    answers: { kind: kind.name, isList: false },
    handle: (call) => kind.render(call.account, find(call, kind, call.id)),
  });
}

const LIST_LIMIT_DEFAULT = 10;
const LIST_LIMIT_MAX = 100;

const PAGING = { ending_before: text(), limit: integer(), starting_after: text() };

export interface ListInput<R extends Row, S extends Shape> {
  readonly path: string;
  readonly kind: Pick<Kind<R>, 'label' | 'name' | 'render' | 'table'>;
  readonly filters: S;
  /** Refuses filters that do not go together; throws a 400. */
  readonly check?: (params: Values<S>) => void;
  readonly matches: (row: R, params: Values<S>, scope: Scope) => boolean;
}

export function listOperation<R extends Row, S extends Shape>(input: ListInput<R, S>): Operation {
  return operation<Shape>({
    method: 'GET',
    path: input.path,
    params: { ...input.filters, ...PAGING },
    answers: { kind: input.kind.name, isList: true },
    // The shape that parsed the parameters is the one that gives them their type.
    check: (params) => input.check?.(params as unknown as Values<S>),
    handle(call) {
      // The shape that parsed the parameters is the one that gives them their type.
      const params = call.params as unknown as Values<S> & Values<typeof PAGING>;
      const page = readPage(call, input, params);
      const data = page.rows.map((row) => input.kind.render(call.account, row));
      return { object: 'list', data, has_more: page.hasMore, url: input.path };
    },
  });
}

/** Newest first. A cursor is exclusive; `ending_before` takes the page that ends just before it. */
function readPage<R extends Row, S extends Shape>(
  call: Scope,
  input: ListInput<R, S>,
  params: Values<S> & Values<typeof PAGING>,
): { rows: R[]; hasMore: boolean } {
  const limit = params.limit ?? LIST_LIMIT_DEFAULT;
  if (limit < 1 || limit > LIST_LIMIT_MAX) {
    throw invalidRequest(`Invalid limit: it must be between 1 and ${LIST_LIMIT_MAX}.`, {
      code: 'parameter_invalid_integer',
      param: 'limit',
    });
  }
  const rows = input.kind.table(call.account).all();
  const { starting_after: after, ending_before: before } = params;
  const towardsNewer = before !== undefined;
  const cursor = towardsNewer ? cursorAt(call, input, before, 'ending_before') : undefined;
  const start = after === undefined ? rows.length : cursorAt(call, input, after, 'starting_after');
  const found: R[] = [];
  const step = towardsNewer ? 1 : -1;
  const end = towardsNewer ? start : -1;
  for (let i = (cursor ?? start) + step; i !== end && found.length <= limit; i += step) {
    const row = rows[i];
    if (row === undefined) break;
    if (input.matches(row, params, call)) found.push(row);
  }
  const hasMore = found.length > limit;
  const page = found.slice(0, limit);
  return { rows: towardsNewer ? page.toReversed() : page, hasMore };
}

function cursorAt<R extends Row>(
  call: Scope,
  input: { readonly kind: Pick<Kind<R>, 'label' | 'table'> },
  id: string,
  param: string,
): number {
  const position = input.kind.table(call.account).position(id);
  if (position !== undefined) return position;
  throw invalidRequest(`No such ${input.kind.label}: '${id}'`, { code: 'resource_missing', param });
}

/** Whether a moment lies in a `created` filter. */
export const isWithin = (moment: number, range: TimeRange | undefined): boolean =>
  range === undefined ||
  ((range.gt === undefined || moment > range.gt) &&
    (range.gte === undefined || moment >= range.gte) &&
    (range.lt === undefined || moment < range.lt) &&
    (range.lte === undefined || moment <= range.lte));

/** Whether a value is the one that was filtered for, if any was. */
export const isWanted = <T>(value: T, wanted: T | undefined): boolean =>
  wanted === undefined || value === wanted;

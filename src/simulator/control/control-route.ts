/** Control routes: what no Stripe API offers, because there the network, the carrier or a person does it. */

import type { IncomingCall, OutgoingAnswer } from '../http/api.ts';
import { problemOf, toFailure, unknownObject, unknownRoute } from '../http/failure.ts';
import { type FormMap, parseForm } from '../http/form.ts';
import { parseJsonForm } from '../http/json-form.ts';
import { parseShape, type Schema, type Shape, schemaOf, type Values } from '../http/parameter.ts';
import { STREAM_PATH } from '../http/stream.ts';
import { type Account, NO_CAUSE } from '../world/account.ts';
import type { Kind, Scope } from '../world/kind.ts';
import type { Row } from '../world/table.ts';
import type { World } from '../world/world.ts';

export interface ControlCall<P = unknown> {
  readonly world: World;
  readonly params: P;
  /** Values of the path's placeholders, in order. */
  readonly path: readonly string[];
}

type Method = 'DELETE' | 'GET' | 'POST' | 'PUT';

export interface ControlRoute {
  readonly method: Method;
  /** With placeholders in braces. */
  readonly path: string;
  readonly summary: string;
  /** Describes the JSON body, or the query of a GET. */
  readonly schema: Schema;
  readonly run: (world: World, form: FormMap, path: readonly string[]) => object | Promise<object>;
  /** For a body that is not parameters; then `run` is not used. */
  readonly runRaw?: (world: World, body: string) => Promise<object>;
}

interface ControlRouteInput<S extends Shape> {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly params: S;
  readonly handle: (call: ControlCall<Values<S>>) => object | Promise<object>;
}

export function controlRoute<S extends Shape>(input: ControlRouteInput<S>): ControlRoute {
  const { method, path, summary, params, handle } = input;
  return {
    method,
    path,
    summary,
    schema: schemaOf(params),
    run: (world, form, values) => handle({ world, params: parseShape(params, form), path: values }),
  };
}

/** Listed here, but answered by the server itself, because it does not end. */
const STREAM = {
  method: 'GET',
  path: STREAM_PATH,
  summary:
    'Events, delivery attempts and calls as they happen, as server-sent events whose data is JSON. The page at / is made of it.',
  schema: schemaOf({}),
} as const;

/** Answers control calls from a list of routes. `GET /_sim` lists them. */
export function createControl(world: World, routes: readonly ControlRoute[]) {
  const index = controlRoute({
    method: 'GET',
    path: '/_sim',
    summary: 'This list.',
    params: {},
    handle: () => ({
      routes: [...table, STREAM].map(({ method, path, summary, schema }) => ({
        method,
        path,
        summary,
        schema,
      })),
    }),
  });
  const table: readonly ControlRoute[] = [index, ...routes];
  return async (call: IncomingCall): Promise<OutgoingAnswer> => {
    try {
      for (const route of table) {
        const path = route.method === call.method ? matchPath(route.path, call.path) : undefined;
        if (path === undefined) continue;
        const answer = await runRoute(world, route, { call, path });
        if (route.method !== 'GET') world.onChange();
        return { status: 200, body: JSON.stringify(answer), headers: {} };
      }
      throw unknownRoute(call.method, call.path);
    } catch (error) {
      const { status, body, headers } = toFailure(error);
      const answer = { status, body: JSON.stringify({ error: body }), headers };
      return { ...answer, problem: problemOf(error) };
    }
  };
}

function runRoute(
  world: World,
  route: ControlRoute,
  { call, path }: { call: IncomingCall; path: readonly string[] },
): object | Promise<object> {
  if (route.runRaw !== undefined) return route.runRaw(world, call.body);
  const form = route.method === 'GET' ? parseForm(call.query) : parseJsonForm(call.body);
  return route.run(world, form, path);
}

function matchPath(pattern: string, path: string): readonly string[] | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const values: string[] = [];
  for (const [position, segment] of wanted.entries()) {
    const found = given[position] ?? '';
    if (segment.startsWith('{') && found !== '') values.push(found);
    else if (segment !== found) return undefined;
  }
  return values;
}

/** The account named by the first placeholder; throws a 404. */
export function namedAccount({ world, path }: ControlCall): Account {
  const name = path[0] ?? '';
  const account = world.account(name);
  if (account === undefined) throw unknownObject('account', name);
  return account;
}

/** The row with this id in whatever account has it; throws a 404. */
export function locate<R extends Row>(
  world: World,
  kind: Kind<R>,
  id: string,
): { scope: Scope; row: R } {
  for (const account of world.accounts.values()) {
    const row = kind.table(account).get(id);
    if (row !== undefined) return { scope: { world, account, cause: NO_CAUSE }, row };
  }
  throw unknownObject(kind.label, id);
}

/** The same for the row that the first placeholder of the path names. */
export const locateNamed = <R extends Row>(
  { world, path }: ControlCall,
  kind: Kind<R>,
): { scope: Scope; row: R } => locate(world, kind, path[0] ?? '');

/** Control routes: what no Stripe API offers, because there the network, the carrier or a person does it. */

import type { IncomingCall, OutgoingAnswer } from '../http/api.ts';
import { toFailure, unknownObject, unknownRoute } from '../http/failure.ts';
import { STREAM_PATH } from '../http/stream.ts';
import { type Account, NO_CAUSE } from '../world/account.ts';
import type { Kind, Scope } from '../world/kind.ts';
import type { Row } from '../world/table.ts';
import type { World } from '../world/world.ts';
import { JsonBody } from './json-body.ts';

export interface ControlCall {
  readonly world: World;
  readonly body: JsonBody;
  /** Values of the path's placeholders, in order. */
  readonly path: readonly string[];
}

export interface ControlRoute {
  readonly method: 'DELETE' | 'GET' | 'POST' | 'PUT';
  /** With placeholders in braces. */
  readonly path: string;
  readonly summary: string;
  readonly handle: (call: ControlCall) => object | Promise<object>;
}

/** Listed here, but answered by the server itself, because it does not end. */
const STREAM = {
  method: 'GET',
  path: STREAM_PATH,
  summary:
    'Events, delivery attempts and calls as they happen, as server-sent events whose data is JSON. The page at / is made of it.',
} as const;

/** Answers control calls from a list of routes. `GET /_sim` lists them. */
export function createControl(world: World, routes: readonly ControlRoute[]) {
  const index: ControlRoute = {
    method: 'GET',
    path: '/_sim',
    summary: 'This list.',
    handle: () => ({
      routes: [...table, STREAM].map(({ method, path, summary }) => ({ method, path, summary })),
    }),
  };
  const table = [index, ...routes];
  return async (call: IncomingCall): Promise<OutgoingAnswer> => {
    try {
      for (const route of table) {
        const path = route.method === call.method ? matchPath(route.path, call.path) : undefined;
        if (path === undefined) continue;
        const answer = await route.handle({ world, body: new JsonBody(call.body), path });
        world.onChange();
        return { status: 200, body: JSON.stringify(answer), headers: {} };
      }
      throw unknownRoute(call.method, call.path);
    } catch (error) {
      const { status, body, headers } = toFailure(error);
      return { status, body: JSON.stringify({ error: body }), headers };
    }
  };
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

/** Replaces ids by their objects, along paths such as `data.authorization.cardholder`. */

import type { Account } from '../world/account.ts';
import { AUTHORIZATION, CARD, CARDHOLDER, REPORT, type Scope } from '../world/kind.ts';
import type { Row, Table } from '../world/table.ts';
import { invalidRequest } from './failure.ts';

/** As deep as Stripe goes. */
const DEPTH_MAX = 4;

type Plain = Readonly<Record<string, unknown>>;
type Resolver = (account: Account, id: string) => object | undefined;

const resolver =
  <R extends Row>(kind: {
    readonly table: (account: Account) => Table<R>;
    readonly render: (account: Account, row: R) => object;
  }): Resolver =>
  (account, id) => {
    const row = kind.table(account).get(id);
    return row === undefined ? undefined : kind.render(account, row);
  };

/** The expandable fields of each kind of object. Fields of objects that do not exist here are always null. */
const EXPANDABLE: Readonly<Record<string, Readonly<Record<string, Resolver>>>> = {
  'issuing.authorization': { cardholder: resolver(CARDHOLDER), token: () => undefined },
  'issuing.card': {
    personalization_design: () => undefined,
    replaced_by: resolver(CARD),
    replacement_for: resolver(CARD),
  },
  'issuing.transaction': {
    authorization: resolver(AUTHORIZATION),
    balance_transaction: () => undefined,
    card: resolver(CARD),
    cardholder: resolver(CARDHOLDER),
    dispute: () => undefined,
    token: () => undefined,
  },
  'identity.verification_session': { last_verification_report: resolver(REPORT) },
};

/** Expands an answer. Throws a 400 for a path that leads nowhere. */
export function expandAnswer(scope: Scope, answer: object, paths: readonly string[]): object {
  let expanded: unknown = answer;
  for (const path of paths) {
    const segments = path.split('.');
    const isList = 'object' in answer && answer.object === 'list';
    const depth = segments.length - (isList ? 1 : 0);
    if (depth > DEPTH_MAX) {
      throw invalidRequest(
        `You cannot expand more than ${DEPTH_MAX} levels of a property. Property: ${path}`,
      );
    }
    expanded = walk(scope, expanded, segments, path);
  }
  return typeof expanded === 'object' && expanded !== null ? expanded : answer;
}

function walk(scope: Scope, value: unknown, segments: readonly string[], path: string): unknown {
  const [segment, ...rest] = segments;
  if (segment === undefined || value === null || value === undefined) return value;
  if (Array.isArray(value)) return value.map((entry) => walk(scope, entry, segments, path));
  if (typeof value !== 'object') throw notExpandable(path);
  const fields: Plain = Object.fromEntries(Object.entries(value));
  const kind = typeof fields['object'] === 'string' ? fields['object'] : '';
  const known = Object.hasOwn(EXPANDABLE, kind) ? EXPANDABLE[kind] : undefined;
  const resolve = known !== undefined && Object.hasOwn(known, segment) ? known[segment] : undefined;
  const found = fields[segment];
  if (
    resolve === undefined &&
    (typeof found !== 'object' || (found === null && rest.length === 0))
  ) {
    throw notExpandable(path);
  }
  const object =
    resolve !== undefined && typeof found === 'string'
      ? (resolve(scope.account, found) ?? found)
      : found;
  return { ...fields, [segment]: walk(scope, object, rest, path) };
}

const notExpandable = (path: string): Error =>
  invalidRequest(`This property cannot be expanded (${path}).`, { param: 'expand' });

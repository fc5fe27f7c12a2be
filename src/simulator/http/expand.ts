/** Replaces ids by their objects, along paths such as `data.authorization.cardholder`. */

import type { Kind, Scope } from '../world/kind.ts';
import { BALANCE_TRANSACTION } from '../world/kinds/balance-transaction.ts';
import { DISPUTE } from '../world/kinds/dispute.ts';
import { REPORT } from '../world/kinds/identity.ts';
import { AUTHORIZATION, CARD, CARDHOLDER, TRANSACTION } from '../world/kinds/issuing.ts';
import { BUNDLE, DESIGN } from '../world/kinds/personalization.ts';
import { TOKEN } from '../world/kinds/token.ts';
import type { Row } from '../world/table.ts';
import { Failure, invalidRequest } from './failure.ts';

/** As deep as Stripe goes. */
const DEPTH_MAX = 4;

type Plain = Readonly<Record<string, unknown>>;
type Resolver = (scope: Scope, id: string) => object | undefined;

const into =
  <R extends Row>(kind: Kind<R>): Resolver =>
  ({ account }, id) => {
    const row = kind.table(account).get(id);
    return row === undefined ? undefined : kind.render(account, row);
  };

/** For fields that are always null here. */
const nothing: Resolver = () => undefined;

/** A connected account may print with the platform's default. */
const design: Resolver = (scope, id) =>
  into(DESIGN)(scope, id) ?? into(DESIGN)({ ...scope, account: scope.world.platform }, id);

/** What a balance transaction is about. */
const source: Resolver = (scope, id) =>
  into(AUTHORIZATION)(scope, id) ?? into(TRANSACTION)(scope, id) ?? into(DISPUTE)(scope, id);

/** The expandable fields of each kind of object. */
const EXPANDABLE: Readonly<Record<string, Readonly<Record<string, Resolver>>>> = {
  [AUTHORIZATION.name]: { cardholder: into(CARDHOLDER), token: into(TOKEN) },
  [BALANCE_TRANSACTION.name]: { source },
  [CARD.name]: {
    personalization_design: design,
    replaced_by: into(CARD),
    replacement_for: into(CARD),
  },
  [DISPUTE.name]: { transaction: into(TRANSACTION) },
  [TOKEN.name]: { card: into(CARD) },
  [DESIGN.name]: { card_logo: nothing, physical_bundle: into(BUNDLE) },
  [TRANSACTION.name]: {
    authorization: into(AUTHORIZATION),
    balance_transaction: into(BALANCE_TRANSACTION),
    card: into(CARD),
    cardholder: into(CARDHOLDER),
    dispute: into(DISPUTE),
    token: into(TOKEN),
  },
  'identity.verification_session': { last_verification_report: into(REPORT) },
};

/** Objects that are always shown whole; expanding them, or going through them, is harmless. */
const EMBEDDED = ['balance_transactions', 'card', 'cardholder', 'network_data', 'transactions'];
const NAMES = new Set([
  ...EMBEDDED,
  ...Object.values(EXPANDABLE).flatMap((fields) => Object.keys(fields)),
]);

/**
 * Refuses, before a write has any effect, paths that no object has. Where a path leads is known only afterwards;
 * then `expandWritten` leaves alone what it cannot expand, because a write must not be done and refused at once.
 */
export function checkExpand(paths: readonly string[]): void {
  for (const path of paths) {
    const segments = path.split('.');
    if (segments.length > DEPTH_MAX) throw tooDeep(path);
    if (!segments.every((segment) => NAMES.has(segment))) throw notExpandable(path);
  }
}

/** Expands the answer to a write, as far as it goes. */
export function expandWritten(scope: Scope, answer: object, paths: readonly string[]): object {
  let expanded = answer;
  for (const path of paths) {
    try {
      expanded = expandAnswer(scope, expanded, [path]);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }
  return expanded;
}

/** Expands an answer. Throws a 400 for a path that leads nowhere. */
export function expandAnswer(scope: Scope, answer: object, paths: readonly string[]): object {
  let expanded: unknown = answer;
  for (const path of paths) {
    const segments = path.split('.');
    const isList = 'object' in answer && answer.object === 'list';
    const depth = segments.length - (isList ? 1 : 0);
    if (depth > DEPTH_MAX) {
      throw tooDeep(path);
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
  // `__proto__` and the like are not among its fields, though every object seems to have them.
  const found = Object.hasOwn(fields, segment) ? fields[segment] : undefined;
  if (
    resolve === undefined &&
    (typeof found !== 'object' || (found === null && rest.length === 0))
  ) {
    throw notExpandable(path);
  }
  const object =
    resolve !== undefined && typeof found === 'string' ? (resolve(scope, found) ?? found) : found;
  return { ...fields, [segment]: walk(scope, object, rest, path) };
}

const tooDeep = (path: string): Error =>
  invalidRequest(
    `You cannot expand more than ${DEPTH_MAX} levels of a property. Property: ${path}`,
  );

const notExpandable = (path: string): Error =>
  invalidRequest(`This property cannot be expanded (${path}).`, { param: 'expand' });

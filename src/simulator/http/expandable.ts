/** Which fields of which objects can be expanded, and what paths such as `data.authorization.cardholder` go through. */
import type { Kind, Scope } from '../world/kind.ts';
import { BALANCE_TRANSACTION } from '../world/kinds/balance-transaction.ts';
import { DISPUTE } from '../world/kinds/dispute.ts';
import { REPORT, SESSION } from '../world/kinds/identity.ts';
import { AUTHORIZATION, CARD, CARDHOLDER, TRANSACTION } from '../world/kinds/issuing.ts';
import { BUNDLE, DESIGN } from '../world/kinds/personalization.ts';
import { TOKEN } from '../world/kinds/token.ts';
import type { Row } from '../world/table.ts';

export interface ExpandableField {
  /** Values of `object` that can stand here; none for what has nothing to expand in it. */
  readonly leadsTo: readonly string[];
  /** The object behind an id; absent where the object is always shown whole. */
  readonly resolve?: (scope: Scope, id: string) => object | undefined;
}

const into = <R extends Row>(kind: Kind<R>): Required<ExpandableField> => ({
  leadsTo: [kind.name],
  resolve({ account }, id) {
    const row = kind.table(account).get(id);
    return row === undefined ? undefined : kind.render(account, row);
  },
});

/** An object that is always shown whole; expanding it, or going through it, is harmless. */
const embedded = (kind: { readonly name: string }): ExpandableField => ({ leadsTo: [kind.name] });
const LEAF: ExpandableField = { leadsTo: [] };

/** A connected account may print with the platform's default. */
const design: ExpandableField = {
  leadsTo: [DESIGN.name],
  resolve: (scope, id) =>
    into(DESIGN).resolve(scope, id) ??
    into(DESIGN).resolve({ ...scope, account: scope.world.platform }, id),
};

/** What a balance transaction is about. */
const source: ExpandableField = {
  leadsTo: [AUTHORIZATION.name, DISPUTE.name, TRANSACTION.name],
  resolve: (scope, id) =>
    into(AUTHORIZATION).resolve(scope, id) ??
    into(TRANSACTION).resolve(scope, id) ??
    into(DISPUTE).resolve(scope, id),
};

/** Every field that a path can name, by the kind of the object that has it. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, ExpandableField>>>> = {
  [AUTHORIZATION.name]: {
    balance_transactions: embedded(BALANCE_TRANSACTION),
    card: embedded(CARD),
    cardholder: into(CARDHOLDER),
    network_data: LEAF,
    token: into(TOKEN),
    transactions: embedded(TRANSACTION),
  },
  [BALANCE_TRANSACTION.name]: { source },
  [CARD.name]: {
    cardholder: embedded(CARDHOLDER),
    personalization_design: design,
    replaced_by: into(CARD),
    replacement_for: into(CARD),
  },
  [DISPUTE.name]: {
    balance_transactions: embedded(BALANCE_TRANSACTION),
    transaction: into(TRANSACTION),
  },
  [TOKEN.name]: { card: into(CARD) },
  // Logos are files, which are not kept here.
  [DESIGN.name]: { card_logo: LEAF, physical_bundle: into(BUNDLE) },
  [TRANSACTION.name]: {
    authorization: into(AUTHORIZATION),
    balance_transaction: into(BALANCE_TRANSACTION),
    card: into(CARD),
    cardholder: into(CARDHOLDER),
    dispute: into(DISPUTE),
    network_data: LEAF,
    purchase_details: LEAF,
    token: into(TOKEN),
  },
  [SESSION.name]: { last_verification_report: into(REPORT) },
};

/** The field of this name of objects of a kind, or undefined when no path can go there. */
export function expandableField(kind: string, name: string): ExpandableField | undefined {
  const fields = Object.hasOwn(FIELDS, kind) ? FIELDS[kind] : undefined;
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** Whether a path leads somewhere from objects of a kind, whatever they contain. */
export function isExpandablePath(kind: string, segments: readonly string[]): boolean {
  let kinds: readonly string[] = [kind];
  for (const segment of segments) {
    const fields = kinds.flatMap((name) => expandableField(name, segment) ?? []);
    if (fields.length === 0) return false;
    kinds = fields.flatMap(({ leadsTo }) => leadsTo);
  }
  return true;
}

const NAMES = new Set(Object.values(FIELDS).flatMap((fields) => Object.keys(fields)));

/** Whether any object has a field of this name that a path can go through. */
export const isExpandableName = (name: string): boolean => NAMES.has(name);

/** What a kind of object is, and the three ways in which every change of an object goes. */
import type { Account, Cause } from './account.ts';
import { previousAttributes } from './difference.ts';
import type { Row, Table } from './table.ts';
import type { World } from './world.ts';

export interface Kind<R extends Row> {
  /** The value of `object`. */
  readonly name: string;
  /** As error messages call it. */
  readonly label: string;
  readonly idPrefix: string;
  /** The first part of its events' types. */
  readonly eventPrefix: string;
  readonly table: (account: Account) => Table<R>;
  readonly render: (account: Account, row: R) => object;
}

/** Where a change happens and which call caused it. */
export interface Scope {
  readonly world: World;
  readonly account: Account;
  readonly cause: Cause;
}

/** Stores a new row and tells everybody. */
export function create<R extends Row>(scope: Scope, kind: Kind<R>, row: R): object {
  kind.table(scope.account).put(row);
  const shown = kind.render(scope.account, row);
  emit(scope, `${kind.eventPrefix}.created`, shown);
  return shown;
}

/** Stores the next version of a row. An `updated` event follows only if something visible changed. */
export function change<R extends Row>(scope: Scope, kind: Kind<R>, next: R): object {
  const table = kind.table(scope.account);
  const stored = table.get(next.id);
  const before = stored === undefined ? {} : kind.render(scope.account, stored);
  table.put(next);
  const after = kind.render(scope.account, next);
  const previous = previousAttributes(before, after);
  if (previous === undefined) scope.world.onChange();
  else emit(scope, `${kind.eventPrefix}.updated`, after, previous);
  return after;
}

/** Stores without an event. */
export function store<R extends Row>(scope: Scope, kind: Kind<R>, row: R): object {
  kind.table(scope.account).put(row);
  scope.world.onChange();
  return kind.render(scope.account, row);
}

/** Sends an event, or keeps it back: what is about an object that nobody has heard of comes after its `created`. */
export function emit(scope: Scope, type: string, object: object, previous?: object): void {
  const { network } = scope.world;
  if (network.holdsBack(object)) {
    network.hold({ account: scope.account.id, type, object, previous });
    return;
  }
  scope.world.emit(scope.account, { type, object, previous, cause: scope.cause });
}

/** Passes over Stripe's objects: whole lists, and what the lists did not show. */
import type { DriftScope, DriftStore } from '../ports/drift-store.ts';
import type {
  FetchedKind,
  FetchedObject,
  ObjectQuery,
  StripeReader,
} from '../ports/stripe-reader.ts';
import type { Comparison } from './comparison.ts';

/** Ids of ours that are taken at once; each of them that no list showed costs a call. */
const EXPECTED_PAGE = 500;
/** With this many of ours, and not one at Stripe, the key is another account's rather than all objects gone. */
const NONE_KNOWN_MIN = 3;

/** The key opens an account at Stripe that knows nothing of ours, so that nothing can be said of any object. */
export class WrongAccountError extends Error {
  override readonly name = 'WrongAccountError';
}

export interface Passes {
  /** Compares everything that the list shows. */
  listed(kind: FetchedKind, query?: Partial<ObjectQuery>): Promise<void>;
  /** Asks for each of ours that no list has shown. */
  unseen(kind: FetchedKind): Promise<void>;
  /** Asks for one that was not compared yet. */
  named(kind: FetchedKind, id: string): Promise<void>;
}

export function createPasses(
  scope: DriftScope,
  ports: { readonly reader: StripeReader; readonly store: DriftStore },
  comparison: Comparison,
): Passes {
  const { tenant } = scope;
  /** Compared already, or found to be missing. Records are seen once, and far too many to be remembered. */
  const seen = new Set<string>();
  /** Of all kinds: one object that is ours shows that the account is the right one. */
  let known = 0;

  async function take(kind: FetchedKind, objects: readonly FetchedObject[]): Promise<void> {
    // Two lists may show the same object.
    const fresh = objects.filter(({ id }) => !seen.has(id));
    if (kind !== 'transaction') for (const { id } of fresh) seen.add(id);
    await comparison.compare(kind, fresh);
  }

  return {
    async listed(kind, wanted = {}) {
      const query = { kind, createdFromS: null, pendingOnly: false, stripeCardId: null, ...wanted };
      for (let after: string | null = null; ; ) {
        const page = await ports.reader.list(tenant, { ...query, after });
        await take(kind, page.objects);
        const last = page.objects.at(-1);
        if (!page.hasMore || last === undefined) return;
        after = last.id;
      }
    },

    async unseen(kind) {
      let missing: string[] = [];
      for (let after = ''; ; ) {
        const ids = await ports.store.expected(scope, kind, { after, limit: EXPECTED_PAGE });
        known += ids.filter((id) => seen.has(id)).length;
        for (const id of ids.filter((one) => !seen.has(one))) {
          const fetched = await ports.reader.read(tenant, kind, id);
          if (fetched === null) {
            missing.push(id);
            seen.add(id);
          } else {
            known += 1;
            await take(kind, [fetched]);
          }
          if (known === 0 && missing.length >= NONE_KNOWN_MIN) throw wrongAccount(scope, kind);
          if (known > 0 && missing.length >= EXPECTED_PAGE) {
            await comparison.missing(kind, missing);
            missing = [];
          }
        }
        const last = ids.at(-1);
        if (last === undefined) break;
        after = last;
      }
      await comparison.missing(kind, missing);
    },

    async named(kind, id) {
      if (seen.has(id)) return;
      const fetched = await ports.reader.read(tenant, kind, id);
      if (fetched !== null) await take(kind, [fetched]);
      // Of the other kinds, what ought to be at Stripe was asked for.
      else if (kind === 'transaction' || kind === 'dispute') await comparison.missing(kind, [id]);
    },
  };
}

const wrongAccount = ({ tenant }: DriftScope, kind: FetchedKind): WrongAccountError =>
  new WrongAccountError(
    `Stripe knows not one ${kind} of tenant ${tenant.tenantId}: is STRIPE_SECRET_KEY the key of its account?`,
  );

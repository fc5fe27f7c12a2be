/**
 * How much may be available, by what was true and not by what our code makes of it.
 *
 * The recording knows the true order of everything, and what the merchant could still take at each view. So after any
 * prefix of an order, of each authorization the truly newest view received is known. Whatever was free at that moment,
 * less what is known to have happened after it, is what may be available at most:
 *
 *   money at the beginning
 *   + credits, − debits that were given, less those that were taken back
 *   − captures, + refunds that any received event tells of, each once
 *   − for each authorization: what was left at its newest received view, + our approvals that this view cannot show
 *     because it is older, − captures that it does not list (they have taken their part), never below zero,
 *     + the surplus that our rules hold on what is left
 *
 * It is right because each term is a claim that somebody can still make. What was left at the view can be captured
 * until something newer says otherwise, and only a capture lowers it without a newer view. An approval that no
 * received view can show may have been taken up. A capture that a view lists by id only, without its amount, will be
 * booked, so its amount is not free; nor would it be if nothing told of it but that id. Whoever frees more than this
 * gives away money that one of the received messages has already spoken for. Holding more is allowed on the way, not
 * at the end: there nothing is left to wait for, and the two must be equal where the reading of `amount` is settled.
 *
 * A look at Stripe counts as a view of the moment it was sent, unless an event of that second or later was received:
 * then it may be the older of the two, and such a look has no say.
 */
import type { AuthorizationId, StripeCardId, TransactionId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { surplusOf } from '../../src/domain/surplus.ts';
import type { Decided } from './real-time.ts';
import type { Look, Recorded } from './recorded.ts';

/** A view of an authorization at its place in the truth. */
interface View {
  /** Steps that had happened before it. */
  readonly position: number;
  readonly atS: number;
  readonly isLook: boolean;
  readonly stripeCardId: StripeCardId;
  readonly remainingMinor: number;
  readonly approvedMinor: number;
  readonly listed: ReadonlySet<TransactionId>;
  /** Those of them that are there with their amounts. */
  readonly whole: readonly TransactionId[];
}

interface Clearing {
  readonly type: 'capture' | 'refund';
  readonly amountMinor: number;
  readonly authorizationId: AuthorizationId | null;
  readonly stripeCardId: StripeCardId;
}

/** What a prefix of an order has brought. */
export interface Received {
  /** Steps that were applied, or committed. */
  readonly steps: ReadonlySet<number>;
  /** Events that wait for their card; their clearing records count once the card is known. */
  readonly parked: ReadonlySet<number>;
  readonly looks: ReadonlySet<Look>;
  /** Cards that are known here, after a batch in which they had a part. */
  readonly cards: ReadonlySet<StripeCardId>;
}

export class Oracle {
  readonly #fundsMinor: number;
  readonly #currency: string;
  readonly #views = new Map<number, View>();
  readonly #lookViews = new Map<Look, View>();
  readonly #viewsOf = new Map<
    AuthorizationId,
    { readonly key: number | Look; readonly view: View }[]
  >();
  readonly #clearings = new Map<TransactionId, Clearing>();
  readonly #told = new Map<number, TransactionId>();
  /** What each command of the API changes. */
  readonly #commands = new Map<number, number>();
  readonly #decisions: { readonly position: number; readonly decided: Decided }[] = [];

  constructor(recorded: Recorded) {
    this.#fundsMinor = recorded.fundsMinor;
    this.#currency = recorded.currency;
    for (const [position, step] of recorded.steps.entries()) {
      if (step.kind === 'decision') this.#decisions.push({ position, decided: step.decided });
      if (step.kind === 'command') this.#commands.set(position, step.command.changeMinor);
      if (step.kind !== 'event') continue;
      if (step.sighting.kind === 'transaction') {
        const { transaction } = step.sighting;
        this.#told.set(position, transaction.transactionId);
        this.#learn(transaction.transactionId, transaction);
      }
      if (step.sighting.kind !== 'authorization') continue;
      this.#addView(position, {
        position,
        sighting: step.sighting,
        isLook: false,
        remainingMinor: step.remainingMinor ?? 0,
      });
    }
    for (const look of recorded.looks) {
      const { position, remainingMinor, sighting } = look;
      if (sighting.kind !== 'authorization') continue;
      this.#addView(look, { position, sighting, isLook: true, remainingMinor });
    }
  }

  /** The most that may be available. */
  justifiedMinor(received: Received): number {
    const known = this.#knownClearings(received);
    let minor = this.#fundsMinor;
    for (const position of received.steps) minor += this.#commands.get(position) ?? 0;
    for (const id of known) {
      const clearing = this.#clearings.get(id);
      if (clearing === undefined) continue;
      minor += clearing.type === 'refund' ? clearing.amountMinor : -clearing.amountMinor;
    }
    const ids = new Set([
      ...this.#viewsOf.keys(),
      ...this.#decisions.map(({ decided }) => decided.authorizationId),
    ]);
    for (const id of ids) minor -= this.#heldMinor(id, received, known);
    return minor;
  }

  /** The least that must be held of an authorization. */
  #heldMinor(id: AuthorizationId, received: Received, known: ReadonlySet<TransactionId>): number {
    const view = this.#newest(id, received);
    const approvals = this.#decisions.filter(
      ({ position, decided }) =>
        decided.authorizationId === id && decided.decision.approved && received.steps.has(position),
    );
    const unseen = approvals
      .filter(({ position }) => view === undefined || position >= view.position)
      .reduce((sum, { decided }) => sum + decided.decision.approvedMinor, 0);
    let newer = 0;
    for (const transactionId of known) {
      const clearing = this.#clearings.get(transactionId);
      const isNewer =
        clearing?.type === 'capture' &&
        clearing.authorizationId === id &&
        view?.listed.has(transactionId) !== true;
      if (isNewer) newer += clearing.amountMinor;
    }
    const nameless = view === undefined ? 0 : this.#namelessMinor(view, known);
    const left = Math.max(0, (view?.remainingMinor ?? 0) + nameless + unseen - newer);
    return left + surplusOn(left, approvals, this.#isCleared(id, known));
  }

  /** Captures that the view lists by id only, as far as they can come out of what was approved. */
  #namelessMinor(view: View, known: ReadonlySet<TransactionId>): number {
    let booked = 0;
    let nameless = 0;
    for (const id of view.listed) {
      const clearing = this.#clearings.get(id);
      if (clearing?.type !== 'capture') continue;
      if (known.has(id)) booked += clearing.amountMinor;
      else nameless += clearing.amountMinor;
    }
    const open = Math.max(0, view.approvedMinor - booked - view.remainingMinor);
    return Math.min(nameless, open);
  }

  #newest(id: AuthorizationId, { steps, looks, cards }: Received): View | undefined {
    const views = (this.#viewsOf.get(id) ?? []).filter(
      ({ key, view }) =>
        cards.has(view.stripeCardId) && (typeof key === 'number' ? steps.has(key) : looks.has(key)),
    );
    const latestEventS = Math.max(
      ...views.filter(({ view }) => !view.isLook).map((v) => v.view.atS),
    );
    return views
      .map(({ view }) => view)
      .filter((view) => !view.isLook || view.atS > latestEventS)
      .reduce<View | undefined>(
        (newest, view) =>
          newest === undefined || view.position >= newest.position ? view : newest,
        undefined,
      );
  }

  /** Ids of the clearing records that received events tell of, of cards or authorizations that are known here. */
  #knownClearings({ steps, parked, looks, cards }: Received): ReadonlySet<TransactionId> {
    const known = new Set<TransactionId>();
    for (const position of [...steps, ...parked]) {
      const own = this.#told.get(position);
      if (own !== undefined) known.add(own);
      for (const id of this.#views.get(position)?.whole ?? []) known.add(id);
    }
    for (const look of looks)
      for (const id of this.#lookViews.get(look)?.whole ?? []) known.add(id);
    for (const id of known) {
      const clearing = this.#clearings.get(id);
      const isOurs =
        clearing !== undefined &&
        (cards.has(clearing.stripeCardId) || this.#isOurs(clearing.authorizationId, steps, cards));
      if (!isOurs) known.delete(id);
    }
    return known;
  }

  /** Whether an authorization is known to be of a card that is known here. */
  #isOurs(
    id: AuthorizationId | null,
    steps: ReadonlySet<number>,
    cards: ReadonlySet<StripeCardId>,
  ): boolean {
    if (id === null) return false;
    return (
      (this.#viewsOf.get(id) ?? []).some(
        ({ key, view }) =>
          typeof key === 'number' && steps.has(key) && cards.has(view.stripeCardId),
      ) ||
      this.#decisions.some(
        ({ position, decided }) => decided.authorizationId === id && steps.has(position),
      )
    );
  }

  #isCleared(id: AuthorizationId, known: ReadonlySet<TransactionId>): boolean {
    return [...known].some((t) => this.#clearings.get(t)?.authorizationId === id);
  }

  #addView(
    key: number | Look,
    given: {
      readonly position: number;
      readonly sighting: Extract<Look['sighting'], { readonly kind: 'authorization' }>;
      readonly isLook: boolean;
      readonly remainingMinor: number;
    },
  ): void {
    const { position, isLook, remainingMinor } = given;
    const { snapshot, transactions } = given.sighting;
    const { authorizationId, stripeCardId, rank, history, amountMinor } = snapshot;
    const approved = history.filter((entry) => entry.approved);
    const view: View = {
      position,
      atS: rank.atS,
      isLook,
      stripeCardId,
      remainingMinor,
      // A final amount raises what was approved without an entry in the history.
      approvedMinor: Math.max(
        approved.reduce((sum, entry) => sum + entry.amountMinor, 0),
        snapshot.approved ? amountMinor : 0,
      ),
      listed: new Set(snapshot.captures.map((capture) => capture.transactionId)),
      whole: transactions.map((transaction) => transaction.transactionId),
    };
    for (const transaction of transactions)
      this.#learn(transaction.transactionId, { ...transaction, authorizationId });
    if (typeof key === 'number') this.#views.set(key, view);
    else this.#lookViews.set(key, view);
    this.#viewsOf.set(authorizationId, [
      ...(this.#viewsOf.get(authorizationId) ?? []),
      { key, view },
    ]);
  }

  /** Money in another currency is not the account's. */
  #learn(id: TransactionId, seen: Clearing & { readonly currency: string }): void {
    if (seen.currency !== this.#currency) return;
    const { type, amountMinor, stripeCardId } = seen;
    const authorizationId =
      seen.authorizationId ?? this.#clearings.get(id)?.authorizationId ?? null;
    this.#clearings.set(id, { type, amountMinor, stripeCardId, authorizationId });
  }
}

/** What our rules hold on top, of what is left and at most of what the decisions have checked. */
function surplusOn(
  leftMinor: number,
  approvals: readonly { readonly decided: Decided }[],
  isCleared: boolean,
): number {
  if (leftMinor === 0) return 0;
  const left = minorUnits(leftMinor);
  let checked = 0;
  let wanted = 0;
  for (const { decided } of approvals) {
    const { surplus, approvedMinor } = decided.decision;
    checked += surplusOf(surplus, approvedMinor);
    // The pump has told the true amount.
    if (surplus.kind === 'fuel' && (isCleared || left !== approvedMinor)) continue;
    wanted = Math.max(wanted, surplusOf(surplus, left));
  }
  return Math.min(wanted, checked);
}

/** Makes purchases at the simulator with the official Stripe client and its test helpers. */
import type { Stripe } from 'stripe';
import type { Purchase } from './plan.ts';
import type { SimulatorControl } from './simulator-control.ts';

/** The card that pays, and how the client addresses its account. */
export interface Payer {
  readonly stripeCardId: string;
  readonly options: Stripe.RequestOptions;
  readonly fundsMinor: number;
}

const MERCHANT = {
  name: 'Demo Bakery',
  category: 'bakeries',
  city: 'Paris',
  country: 'FR',
} as const;
/** Above everything that a demo customer has. */
const UNAFFORDABLE_FACTOR = 10;
/** A restaurant tip: the capture is this much above the hold. */
const TIP_SHARE = 0.2;
const half = (amount: number): number => Math.floor(amount / 2);

export interface Shopper {
  /** Asks for an authorization; the answer shows what was decided. */
  authorize(payer: Payer, amount: number): Promise<Stripe.Issuing.Authorization>;
  buy(payer: Payer, purchase: Purchase): Promise<void>;
  capture(payer: Payer, authorizationId: string, amount: number): Promise<void>;
}

export function createShopper(stripe: Stripe, control: SimulatorControl): Shopper {
  const desk = createDesk(stripe);
  return {
    authorize: desk.authorize,
    capture: (payer, id, amount) => desk.capture(payer, id, amount),
    async buy(payer, purchase) {
      switch (purchase.kind) {
        case 'captured':
          await desk.buyAndCapture(payer, purchase.amount, purchase.amount);
          return;
        case 'unaffordable':
          await desk.authorize(payer, payer.fundsMinor * UNAFFORDABLE_FACTOR);
          return;
        case 'partly_captured': {
          const id = await desk.approved(payer, purchase.amount);
          const part = half(half(purchase.amount));
          await desk.capture(payer, id, part, false);
          return desk.capture(payer, id, part, false);
        }
        case 'over_captured': {
          const tip = Math.ceil(purchase.amount * TIP_SHARE);
          await desk.buyAndCapture(payer, purchase.amount, purchase.amount + tip);
          return;
        }
        case 'forced':
          return desk.forceCapture(payer, purchase.amount);
        case 'reversed':
          return desk.reverse(payer, await desk.approved(payer, purchase.amount));
        case 'refunded': {
          const id = await desk.buyAndCapture(payer, purchase.amount, purchase.amount);
          return desk.refundCaptureOf(payer, id, half(purchase.amount));
        }
        case 'network_declined':
          await control.declineNextAfterApproval(payer.stripeCardId);
          await desk.authorize(payer, purchase.amount);
          return;
        case 'stand_in':
          await control.standIn(payer.stripeCardId, purchase.amount);
      }
    },
  };
}

/** The single steps at the till. */
function createDesk(stripe: Stripe) {
  const { authorizations, transactions } = stripe.testHelpers.issuing;

  const authorize = (payer: Payer, amount: number): Promise<Stripe.Issuing.Authorization> =>
    authorizations.create(
      { card: payer.stripeCardId, amount, currency: 'usd', merchant_data: MERCHANT },
      payer.options,
    );

  /** Asks for an amount that must be approved. */
  async function approved(payer: Payer, amount: number): Promise<string> {
    const authorization = await authorize(payer, amount);
    if (authorization.approved) return authorization.id;
    const reason = authorization.request_history.at(-1)?.reason ?? 'no reason';
    throw new Error(`a purchase of ${amount} that should pass was declined: ${reason}`);
  }

  async function capture(payer: Payer, id: string, amount: number, isFinal = true): Promise<void> {
    const params = { capture_amount: amount, close_authorization: isFinal };
    await authorizations.capture(id, params, payer.options);
  }

  return {
    authorize,
    approved,
    capture,
    async buyAndCapture(payer: Payer, held: number, captured: number): Promise<string> {
      const id = await approved(payer, held);
      await capture(payer, id, captured);
      return id;
    },
    async forceCapture(payer: Payer, amount: number): Promise<void> {
      await transactions.createForceCapture(
        { card: payer.stripeCardId, amount, currency: 'usd', merchant_data: MERCHANT },
        payer.options,
      );
    },
    async reverse(payer: Payer, id: string): Promise<void> {
      await authorizations.reverse(id, {}, payer.options);
    },
    async refundCaptureOf(payer: Payer, authorizationId: string, amount: number): Promise<void> {
      const list = await stripe.issuing.transactions.list(
        { card: payer.stripeCardId },
        payer.options,
      );
      const found = list.data.find(
        (t) => t.authorization === authorizationId && t.type === 'capture',
      );
      if (found === undefined) throw new Error(`no capture of ${authorizationId} to refund`);
      await transactions.refund(found.id, { refund_amount: amount }, payer.options);
    },
  };
}

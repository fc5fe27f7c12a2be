/** Makes the calls of a plan, and remembers which ids stand behind the plan's names. */
import type Stripe from 'stripe';
import type { Authorize, Call, Step } from './step.ts';
import type { Tally } from './tally.ts';

type Authorization = Stripe.Issuing.Authorization;
type Of<K extends Call['kind']> = Extract<Call, { readonly kind: K }>;

const ADDRESS = {
  line1: '510 Townsend Street',
  city: 'San Francisco',
  state: 'CA',
  postal_code: '94103',
  country: 'US',
};

/** The risk score at which card networks put a level; they go from 0 to 99. */
const RISK_SCORES = { normal: 12, elevated: 68, highest: 96 } as const;

export class Executor {
  readonly #stripe: Stripe;
  readonly #tally: Tally;
  /** By lane. */
  readonly #cardholders = new Map<number, string>();
  readonly #cards = new Map<string, string>();
  /** Approved ones only. */
  readonly #authorizations = new Map<string, string>();
  readonly #captures = new Map<string, string>();
  /** Ids of all captures of authorizations. */
  readonly #posted = new Set<string>();

  constructor(stripe: Stripe, tally: Tally) {
    this.#stripe = stripe;
    this.#tally = tally;
  }

  /** Lets a name of the plan stand for a card that exists already. */
  useCard(name: string, id: string): void {
    this.#cards.set(name, id);
  }

  /** Makes one call. False when what it is about does not exist, e.g. because it was declined. Rejects when refused. */
  async perform({ call, lane }: Step): Promise<boolean> {
    switch (call.kind) {
      case 'cardholder':
        return this.#makeCardholder(call, lane);
      case 'card':
        return this.#makeCard(call, lane);
      case 'card_status':
        return this.#withCard(call.card, (id) =>
          this.#stripe.issuing.cards.update(id, { status: call.status }),
        );
      case 'lose_card':
        return this.#withCard(call.card, async (id) => {
          await this.#stripe.issuing.cards.update(id, {
            status: 'canceled',
            cancellation_reason: 'lost',
          });
          this.#tally.cardLost();
        });
      case 'authorize':
        return this.#authorize(call);
      case 'capture':
        return this.#capture(call);
      case 'refund':
        return this.#refund(call);
      case 'forced_capture':
      case 'unlinked_refund':
        return this.#postUnlinked(call);
      case 'increment':
      case 'finalize':
      case 'reverse':
      case 'expire':
        return this.#changeHold(call);
    }
  }

  async #makeCardholder(call: Of<'cardholder'>, lane: number): Promise<boolean> {
    const cardholder = await this.#stripe.issuing.cardholders.create({
      type: 'individual',
      name: call.name,
      email: call.email,
      phone_number: call.phone,
      billing: { address: ADDRESS },
    });
    this.#cardholders.set(lane, cardholder.id);
    this.#tally.cardholderMade();
    return true;
  }

  async #makeCard(call: Of<'card'>, lane: number): Promise<boolean> {
    const cardholder = this.#cardholders.get(lane);
    const replaced = call.replaces === undefined ? undefined : this.#cards.get(call.replaces);
    const orphan = call.replaces !== undefined && replaced === undefined;
    if (cardholder === undefined || orphan) return false;
    const card = await this.#stripe.issuing.cards.create({
      cardholder,
      currency: 'usd',
      type: 'virtual',
      status: 'active',
      spending_controls: {
        blocked_categories: [call.blockedCategory],
        spending_limits: [{ amount: call.limit, interval: 'per_authorization' }],
      },
      ...(replaced === undefined
        ? {}
        : { replacement_for: replaced, replacement_reason: 'lost' as const }),
    });
    this.#cards.set(call.card, card.id);
    this.#tally.cardMade(replaced !== undefined);
    return true;
  }

  async #withCard(name: string, use: (id: string) => Promise<unknown>): Promise<boolean> {
    const id = this.#cards.get(name);
    if (id === undefined) return false;
    await use(id);
    return true;
  }

  #authorize(call: Authorize): Promise<boolean> {
    return this.#withCard(call.card, async (card) => {
      const made = await this.#stripe.testHelpers.issuing.authorizations.create(
        authorizationParams(call, card),
      );
      if (made.approved) this.#authorizations.set(call.name, made.id);
      this.#tally.authorized(made);
    });
  }

  async #changeHold(call: Of<'expire' | 'finalize' | 'increment' | 'reverse'>): Promise<boolean> {
    const id = this.#authorizations.get(call.authorization);
    if (id === undefined) return false;
    const { authorizations } = this.#stripe.testHelpers.issuing;
    switch (call.kind) {
      case 'increment':
        this.#tally.incremented(
          await authorizations.increment(id, { increment_amount: call.amount }),
        );
        return true;
      case 'finalize':
        await authorizations.finalizeAmount(id, { final_amount: call.amount });
        break;
      case 'reverse':
        await authorizations.reverse(
          id,
          call.amount === undefined ? {} : { reverse_amount: call.amount },
        );
        break;
      case 'expire':
        await authorizations.expire(id);
        break;
    }
    this.#tally.holdChanged(call.kind);
    return true;
  }

  async #capture(call: Of<'capture'>): Promise<boolean> {
    const id = this.#authorizations.get(call.authorization);
    if (id === undefined) return false;
    const captured: Authorization = await this.#stripe.testHelpers.issuing.authorizations.capture(
      id,
      {
        close_authorization: call.close,
        ...(call.amount === undefined ? {} : { capture_amount: call.amount }),
      },
    );
    // Wherever it is in the list, the capture is the transaction that was not there before.
    const transaction = captured.transactions.find((entry) => !this.#posted.has(entry.id));
    if (transaction === undefined) return true;
    this.#posted.add(transaction.id);
    this.#captures.set(call.name, transaction.id);
    this.#tally.captured(transaction, call.form);
    return true;
  }

  async #refund(call: Of<'refund'>): Promise<boolean> {
    const id = this.#captures.get(call.capture);
    if (id === undefined) return false;
    const refund = await this.#stripe.testHelpers.issuing.transactions.refund(
      id,
      call.amount === undefined ? {} : { refund_amount: call.amount },
    );
    this.#tally.refunded(refund, 'linked');
    return true;
  }

  #postUnlinked(call: Of<'forced_capture' | 'unlinked_refund'>): Promise<boolean> {
    return this.#withCard(call.card, async (card) => {
      const { transactions } = this.#stripe.testHelpers.issuing;
      const params = { card, amount: call.amount, merchant_data: merchantData(call) };
      if (call.kind === 'forced_capture') {
        this.#tally.captured(await transactions.createForceCapture(params), 'forced');
      } else {
        this.#tally.refunded(await transactions.createUnlinkedRefund(params), 'unlinked');
      }
    });
  }
}

type AuthorizationParams = Parameters<
  Stripe['testHelpers']['issuing']['authorizations']['create']
>[0];

/** The plan's merchants have categories of the API, which a test of the plan against a simulator makes sure of. */
const merchantData = ({ merchant }: Pick<Authorize, 'merchant'>) =>
  merchant as NonNullable<AuthorizationParams['merchant_data']>;

function authorizationParams(call: Authorize, card: string): AuthorizationParams {
  const { amount, currency, fraudRisk, guessedNumbers, threeDSecure } = call;
  return {
    card,
    ...(currency === undefined
      ? { amount }
      : { merchant_amount: amount, merchant_currency: currency }),
    authorization_method: call.method,
    ...(call.controllable === true ? { is_amount_controllable: true } : {}),
    merchant_data: merchantData(call),
    verification_data: {
      cvc_check: call.cvc,
      expiry_check: 'match',
      ...(threeDSecure === undefined ? {} : { three_d_secure: { result: threeDSecure } }),
    },
    risk_assessment: {
      fraud_risk: { level: fraudRisk, score: RISK_SCORES[fraudRisk] },
      ...(guessedNumbers === undefined
        ? {}
        : {
            card_testing_risk: {
              level: fraudRisk,
              invalid_account_number_decline_rate_past_hour: guessedNumbers,
            },
          }),
    },
  };
}

/** The life of one demo card, from the onboarding of its holder to the last purchase. */
import type { Card, NewCardholder } from '../../../client/index.ts';
import type { CardPlan } from './plan.ts';
import type { DemoProgram } from './program.ts';
import type { Payer } from './shopper.ts';
import { waitUntil } from './wait.ts';

export interface JourneyEnd {
  readonly plan: CardPlan;
  readonly cardId: string;
  readonly accountId: string;
  readonly workflowId: string;
  /** A purchase tried right after `freeze` answered; null where the card is not frozen. */
  readonly approvedWhileFrozen: boolean | null;
}

export interface JourneyContext {
  readonly program: DemoProgram;
  readonly signal: AbortSignal;
  /** How long anything may take; by default what a demo needs. */
  readonly deadlineMs?: number;
  readonly onCard: (plan: CardPlan, cardId: string) => void;
}

const BILLING = {
  line1: '510 Townsend St',
  city: 'San Francisco',
  state: 'CA',
  postalCode: '94103',
  country: 'US',
};
const CORRECTED = {
  ...BILLING,
  line1: '354 Oyster Point Blvd',
  city: 'South San Francisco',
  postalCode: '94080',
};

/** Lives one card. Throws, naming the card, when something does not happen that should. */
export async function liveCard(plan: CardPlan, context: JourneyContext): Promise<JourneyEnd> {
  try {
    return await live(plan, context);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`card ${plan.number} (${plan.type} ${plan.holder}): ${reason}`, {
      cause: error,
    });
  }
}

async function live(plan: CardPlan, context: JourneyContext): Promise<JourneyEnd> {
  const { api } = context.program;
  const { accountId, cardId, holderId } = await onboard(plan, context);
  context.onCard(plan, cardId);
  await passKyc(plan, holderId, cardId, context);
  if (plan.type === 'physical') await deliver(plan, cardId, context);
  const card = await waitForPhase(cardId, 'active', context);
  const payer: Payer = {
    stripeCardId: stripeIdOf(card),
    options: stripeOptions(plan, context),
    fundsMinor: plan.fundsMinor,
  };
  const half = Math.ceil(plan.purchases.length / 2);
  for (const purchase of plan.purchases.slice(0, half))
    await context.program.shopper.buy(payer, purchase);
  const approvedWhileFrozen = plan.isFrozenOnce
    ? await freezeAndThaw(cardId, payer, context)
    : null;
  for (const purchase of plan.purchases.slice(half))
    await context.program.shopper.buy(payer, purchase);
  if (plan.isCancelled) await cancel(cardId, payer, context);
  const { workflowId } = await api.cards.get(cardId);
  return { plan, cardId, accountId, workflowId, approvedWhileFrozen };
}

async function onboard(plan: CardPlan, { program }: JourneyContext) {
  const { api, tenants } = program;
  const tenantId = plan.isConnected ? tenants.connected : tenants.platform;
  const customerRef = `demo-${plan.number}`;
  const account = await api.accounts.create({ tenantId, customerRef, currency: 'usd' });
  const externalRef = `${customerRef}-top-up`;
  await api.accounts.credit(account.id, { amountMinor: plan.fundsMinor, externalRef });
  const holder = await api.cardholders.create(holderOf(plan, tenantId, customerRef));
  const card = await api.cards.request({
    tenantId,
    cardholderId: holder.id,
    accountId: account.id,
    type: plan.type,
    ...(plan.type === 'physical' ? { shipping: { name: plan.customer, ...BILLING } } : {}),
  });
  return { accountId: account.id, cardId: card.id, holderId: holder.id };
}

function holderOf(plan: CardPlan, tenantId: string, customerRef: string): NewCardholder {
  const base = {
    tenantId,
    customerRef,
    type: plan.holder,
    name: plan.customer,
    email: `customer${plan.number}@demo.example`,
    phoneNumber: '+14155550123',
    billing: BILLING,
  };
  if (plan.holder === 'company') return { ...base, company: { taxId: '000000000' } };
  const [, , lastName = 'A'] = plan.customer.split(' ');
  return {
    ...base,
    individual: { firstName: 'Demo', lastName, dob: { day: 10, month: 12, year: 1990 } },
  };
}

async function passKyc(
  plan: CardPlan,
  holderId: string,
  cardId: string,
  context: JourneyContext,
): Promise<void> {
  const { api, control } = context.program;
  const pendingSession = () =>
    waitUntil(
      `a verification session for card ${plan.number}`,
      async () => {
        const { kyc } = await api.cardholders.get(holderId);
        return kyc.status === 'pending' && kyc.sessionId !== null ? kyc.sessionId : undefined;
      },
      context.signal,
      context.deadlineMs,
    );
  const session = await pendingSession();
  if (plan.arrival !== 'kyc_fails_first') return control.verifyIdentity(session);
  await control.failIdentity(session, {
    code: 'document_expired',
    reason: 'The document is expired.',
  });
  await waitUntil(
    `card ${plan.number} to hear of the failed verification`,
    async () => {
      const { data } = await api.attention.list({ cardId });
      return data.some((item) => item.kind === 'kyc_failed') ? true : undefined;
    },
    context.signal,
    context.deadlineMs,
  );
  await api.cards.retryKyc(cardId);
  return control.verifyIdentity(await pendingSession());
}

async function deliver(plan: CardPlan, cardId: string, context: JourneyContext): Promise<void> {
  const { api, stripe } = context.program;
  const { cards } = stripe.testHelpers.issuing;
  const options = stripeOptions(plan, context);
  const first = stripeIdOf(await waitForPhase(cardId, 'awaiting_delivery', context));
  await cards.submitCard(first, {}, options);
  await cards.shipCard(first, {}, options);
  if (plan.arrival !== 'returned_once') {
    await cards.deliverCard(first, {}, options);
    return;
  }
  await cards.returnCard(first, {}, options);
  await waitUntil(
    `card ${plan.number} to ask for a corrected address`,
    async () => {
      const { data } = await api.attention.list({ cardId });
      return data.some((item) => item.kind === 'address_needed') ? true : undefined;
    },
    context.signal,
    context.deadlineMs,
  );
  await api.cards.correctShipping(cardId, { name: plan.customer, ...CORRECTED });
  const second = await waitUntil(
    `a second parcel for card ${plan.number}`,
    async () => {
      const card = await api.cards.get(cardId);
      const id = card.stripeCard?.id;
      return card.phase === 'awaiting_delivery' && id !== first ? id : undefined;
    },
    context.signal,
    context.deadlineMs,
  );
  await cards.submitCard(second, {}, options);
  await cards.shipCard(second, {}, options);
  await cards.deliverCard(second, {}, options);
}

/** Freezes, tries a purchase at once, and lifts the freeze again. Answers whether the purchase passed. */
async function freezeAndThaw(
  cardId: string,
  payer: Payer,
  context: JourneyContext,
): Promise<boolean> {
  const { api, shopper } = context.program;
  // Otherwise the wait for "inactive" below could be met by a view from before the activation.
  await waitForStripeStatus(cardId, 'active', context);
  await api.cards.freeze(cardId, { reason: 'The customer cannot find it' });
  const { approved } = await shopper.authorize(payer, 100);
  await waitForStripeStatus(cardId, 'inactive', context);
  await api.cards.unfreeze(cardId);
  await waitForStripeStatus(cardId, 'active', context);
  return approved;
}

/** Cancels with a purchase still open, whose capture comes afterwards: captures cannot be refused. */
async function cancel(cardId: string, payer: Payer, context: JourneyContext): Promise<void> {
  const { api, shopper } = context.program;
  const open = await shopper.authorize(payer, 1_500);
  await api.cards.cancel(cardId, { reason: 'lost' });
  await waitForPhase(cardId, 'winding_down', context);
  await waitForStripeStatus(cardId, 'canceled', context);
  await shopper.capture(payer, open.id, 1_500);
}

const waitForPhase = (
  cardId: string,
  phase: Card['phase'],
  { program, signal, deadlineMs }: JourneyContext,
): Promise<Card> =>
  waitUntil(
    `card ${cardId} to be in phase ${phase}`,
    async () => {
      const card = await program.api.cards.get(cardId);
      if (card.phase === 'closed' && phase !== 'closed')
        throw new Error(`card ${cardId} was closed`);
      return card.phase === phase ? card : undefined;
    },
    signal,
    deadlineMs,
  );

const waitForStripeStatus = (
  cardId: string,
  status: string,
  { program, signal, deadlineMs }: JourneyContext,
) =>
  waitUntil(
    `card ${cardId} to be ${status} at Stripe`,
    async () => {
      const card = await program.api.cards.get(cardId);
      return card.stripeCard?.status === status ? card : undefined;
    },
    signal,
    deadlineMs,
  );

function stripeIdOf(card: Card): string {
  if (card.stripeCard === null) throw new Error(`card ${card.id} has no card at Stripe`);
  return card.stripeCard.id;
}

const stripeOptions = (plan: CardPlan, { program }: JourneyContext) =>
  plan.isConnected ? { stripeAccount: program.connectedAccount } : {};

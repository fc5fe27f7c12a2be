/** Plays a physical card from its request to its activation, with each step of the parcel apart, as the carrier tells them. */

import type { DemoProgram } from '../../src/apps/cli/demo/program.ts';
import { waitUntil } from '../../src/apps/cli/demo/wait.ts';
import type { Card } from '../../src/client/index.ts';

export interface ActiveCard {
  readonly cardId: string;
  readonly stripeCardId: string;
  readonly accountId: string;
  readonly workflowId: string;
}

const FUNDS_MINOR = 1_000_000_000;
const NAME = 'Bench Customer';
const BILLING = {
  line1: '510 Townsend St',
  city: 'San Francisco',
  state: 'CA',
  postalCode: '94103',
  country: 'US',
};

export async function playPhysicalCard(program: DemoProgram): Promise<ActiveCard> {
  const { api, control, stripe } = program;
  const requested = await request(program);
  const { id: cardId, accountId, workflowId } = requested;
  const when = <T>(what: string, look: (card: Card) => Promise<T | undefined> | T | undefined) =>
    waitUntil(what, async () => look(await api.cards.get(cardId)), new AbortController().signal);
  const session = await when('a verification session', async () => {
    const { kyc } = await api.cardholders.get(requested.cardholderId);
    return kyc.sessionId ?? undefined;
  });
  await control.verifyIdentity(session);
  const made = await when('the parcel', ({ phase, stripeCard }) =>
    phase === 'awaiting_delivery' ? (stripeCard?.id ?? undefined) : undefined,
  );
  const { cards } = stripe.testHelpers.issuing;
  const steps = [
    ['submitted', () => cards.submitCard(made)],
    ['shipped', () => cards.shipCard(made)],
    ['delivered', () => cards.deliverCard(made)],
  ] as const;
  for (const [status, step] of steps) {
    await step();
    await when(status, ({ stripeCard }) => stripeCard?.shippingStatus === status || undefined);
  }
  await when('the activation', ({ phase }) => phase === 'active' || undefined);
  return { cardId, stripeCardId: made, accountId, workflowId };
}

async function request({ api, tenants }: DemoProgram): Promise<Card> {
  const tenantId = tenants.platform;
  const customerRef = 'bench-1';
  const account = await api.accounts.create({ tenantId, customerRef, currency: 'usd' });
  await api.accounts.credit(account.id, { amountMinor: FUNDS_MINOR, externalRef: 'bench-top-up' });
  const holder = await api.cardholders.create({
    tenantId,
    customerRef,
    type: 'individual',
    name: NAME,
    email: 'bench@demo.example',
    phoneNumber: '+14155550123',
    billing: BILLING,
    individual: {
      firstName: 'Bench',
      lastName: 'Customer',
      dob: { day: 10, month: 12, year: 1990 },
    },
  });
  return api.cards.request({
    tenantId,
    cardholderId: holder.id,
    accountId: account.id,
    type: 'physical',
    shipping: { name: NAME, ...BILLING },
  });
}

/** Physical cards on their way: everything before the event that says they were delivered. */

import type { DemoProgram } from '../../src/apps/cli/demo/program.ts';
import { waitUntil } from '../../src/apps/cli/demo/wait.ts';
import type { Card } from '../../src/client/index.ts';

const ADDRESS = {
  line1: '510 Townsend St',
  city: 'San Francisco',
  state: 'CA',
  postalCode: '94103',
  country: 'US',
};

export interface Parcel {
  readonly cardId: string;
  readonly stripeCardId: string;
}

/** Requests a card, has its holder verified, and ships it. */
export async function shipParcel(program: DemoProgram, number: number): Promise<Parcel> {
  const { api, control, stripe } = program;
  const tenantId = program.tenants.platform;
  const customerRef = `parcel-${number}`;
  const account = await api.accounts.create({ tenantId, customerRef, currency: 'usd' });
  const holder = await api.cardholders.create({
    tenantId,
    customerRef,
    type: 'individual',
    name: 'Parcel Customer',
    phoneNumber: '+14155550123',
    billing: ADDRESS,
  });
  const { id } = await api.cards.request({
    tenantId,
    cardholderId: holder.id,
    accountId: account.id,
    type: 'physical',
    shipping: { name: 'Parcel Customer', ...ADDRESS },
  });
  const { signal } = new AbortController();
  const session = await waitUntil(
    'a verification session',
    async () => {
      const { kyc } = await api.cardholders.get(holder.id);
      return kyc.sessionId ?? undefined;
    },
    signal,
  );
  await control.verifyIdentity(session);
  const card = await waitUntil(
    'a card to be awaited',
    async (): Promise<Card | undefined> => {
      const seen = await api.cards.get(id);
      return seen.phase === 'awaiting_delivery' ? seen : undefined;
    },
    signal,
  );
  const stripeCardId = card.stripeCard?.id ?? '';
  await stripe.testHelpers.issuing.cards.submitCard(stripeCardId);
  await stripe.testHelpers.issuing.cards.shipCard(stripeCardId);
  return { cardId: id, stripeCardId };
}

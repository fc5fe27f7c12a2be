/** A small card program to test with: one tenant, customers with an account, cards in any phase. */
import { randomUUID } from 'node:crypto';
import type { CardPhase } from '../../src/domain/card-phase.ts';
import type { IngressUnderTest } from './ingress-under-test.ts';

export const BILLING = {
  line1: '510 Townsend St',
  city: 'San Francisco',
  state: 'CA',
  postalCode: '94103',
  country: 'US',
} as const;

export const newCardholder = (customerRef: string = randomUUID()) => ({
  customerRef,
  type: 'individual',
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  phoneNumber: '+14155550123',
  billing: BILLING,
  individual: { firstName: 'Ada', lastName: 'Lovelace', dob: { day: 10, month: 12, year: 1990 } },
});

/** The platform's tenant; made once in a database. */
export async function platformTenant(ingress: IngressUnderTest): Promise<string> {
  const made = await ingress.post('/v1/tenants', { name: 'Platform' });
  return String(made.body.id ?? made.body.error?.details?.['tenantId']);
}

export interface Customer {
  readonly tenantId: string;
  readonly accountId: string;
  readonly cardholderId: string;
}

export async function newCustomer(ingress: IngressUnderTest, tenant?: string): Promise<Customer> {
  const tenantId = tenant ?? (await platformTenant(ingress));
  const customerRef = randomUUID();
  const account = await ingress.post('/v1/accounts', { tenantId, customerRef, currency: 'usd' });
  const cardholder = await ingress.post('/v1/cardholders', {
    ...newCardholder(customerRef),
    tenantId,
  });
  return {
    tenantId,
    accountId: String(account.body.id),
    cardholderId: String(cardholder.body.id),
  };
}

export interface TestCard extends Customer {
  readonly cardId: string;
  readonly stripeCardId: string;
}

/** A card whose row stands in the phase, as if its workflow had saved it there. */
export async function cardIn(
  ingress: IngressUnderTest,
  phase: CardPhase,
  type: 'virtual' | 'physical' = 'physical',
): Promise<TestCard> {
  const customer = await newCustomer(ingress);
  const { cardholderId, accountId, tenantId } = customer;
  const made = await ingress.post('/v1/cards', { cardholderId, accountId, type });
  const cardId = String(made.body.id);
  const stripeCardId = `ic_${randomUUID().replaceAll('-', '')}`;
  const { sql } = ingress;
  if (phase !== 'kyc' && phase !== 'issuance') {
    await sql`
      insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
      values (${tenantId}, ${stripeCardId}, ${cardId}, 1, 'inactive', '4242', 12, 2030)`;
    await sql`update cards set stripe_card_id = ${stripeCardId} where card_id = ${cardId}`;
  }
  await sql`update cards set phase = ${phase} where card_id = ${cardId}`;
  return { ...customer, cardId, stripeCardId };
}

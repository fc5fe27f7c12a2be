/**
 * What an onboarding service does for a new customer: an account with some money, a cardholder, a card.
 * In your own project import from 'issuing-orchestrator/client'. To run it against a local stack:
 *
 *   npx tsx examples/onboard-a-customer.ts http://127.0.0.1:3000 YOUR_API_KEY
 */
import { pathToFileURL } from 'node:url';
import {
  type Card,
  type Cardholder,
  createIssuingClient,
  IssuingApiError,
  type IssuingClient,
  type NewCardholder,
} from '../src/client/index.ts';

export interface Application {
  /** Your own id of the customer: it makes every step below repeatable. */
  readonly customerRef: string;
  readonly currency: string;
  readonly firstDepositMinor: number;
  readonly holder: Omit<NewCardholder, 'customerRef' | 'tenantId'>;
}

/** Repeating it after a crash at any point makes nothing twice, because each key names the customer and the step. */
export async function onboard(client: IssuingClient, application: Application): Promise<Card> {
  const { customerRef, currency, firstDepositMinor, holder } = application;
  const step = (name: string) => ({ idempotencyKey: `${customerRef}/${name}` });

  const account = await client.accounts.create({ customerRef, currency }, step('account'));
  await client.accounts.credit(
    account.id,
    { amountMinor: firstDepositMinor, externalRef: `${customerRef}/first-deposit` },
    step('first-deposit'),
  );
  const cardholder = await cardholderOf(client, { ...holder, customerRef }, step('cardholder'));
  return client.cards.request(
    { cardholderId: cardholder.id, accountId: account.id, type: 'virtual' },
    step('card'),
  );
}

/** A customer has one cardholder: when another flow was first, the API names the one there is. */
async function cardholderOf(
  client: IssuingClient,
  wanted: NewCardholder,
  options: { idempotencyKey: string },
): Promise<Cardholder> {
  try {
    return await client.cardholders.create(wanted, options);
  } catch (error) {
    if (!(error instanceof IssuingApiError) || error.code !== 'CUSTOMER_EXISTS') throw error;
    return client.cardholders.get(String(error.details['cardholderId']));
  }
}

async function main(baseUrl: string, apiKey: string): Promise<void> {
  const client = createIssuingClient({ baseUrl, apiKey });
  const card = await onboard(client, {
    customerRef: `example-${Date.now()}`,
    currency: 'usd',
    firstDepositMinor: 50_000,
    holder: {
      type: 'individual',
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      phoneNumber: '+14155550123',
      billing: {
        line1: '510 Townsend St',
        city: 'San Francisco',
        state: 'CA',
        postalCode: '94103',
        country: 'US',
      },
      individual: {
        firstName: 'Ada',
        lastName: 'Lovelace',
        dob: { day: 10, month: 12, year: 1990 },
      },
    },
  });
  process.stdout.write(`card ${card.id} is in phase ${card.phase}; workflow ${card.workflowId}\n`);
}

const [, script = '', baseUrl, apiKey] = process.argv;
if (import.meta.url === pathToFileURL(script).href) {
  if (baseUrl === undefined || apiKey === undefined) {
    process.stderr.write('usage: onboard-a-customer.ts BASE_URL API_KEY\n');
    process.exitCode = 1;
  } else {
    await main(baseUrl, apiKey);
  }
}

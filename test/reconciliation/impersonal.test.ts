/** What is fetched is kept without the person, and means the same. */
import { describe, expect, it } from 'vitest';
import { withoutPerson } from '../../src/adapters/stripe/impersonal.ts';
import { FETCHED_TYPES, interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import type { FetchedKind } from '../../src/ports/stripe-reader.ts';

const PERSON = 'PERSONAL';

const cardholder = {
  id: 'ich_1',
  object: 'issuing.cardholder',
  created: 1,
  name: PERSON,
  email: PERSON,
  phone_number: PERSON,
  billing: { address: { line1: PERSON } },
  individual: { first_name: PERSON, dob: { day: 1 } },
  metadata: { note: PERSON },
  status: 'active',
  requirements: { disabled_reason: 'listed', past_due: [PERSON] },
  new_field: PERSON,
};

const card = {
  id: 'ic_1',
  object: 'issuing.card',
  created: 1,
  cardholder,
  status: 'inactive',
  cancellation_reason: null,
  last4: '4242',
  exp_month: 12,
  exp_year: 2030,
  second_line: PERSON,
  latest_fraud_warning: { type: 'card_testing_exposure', started_at: 7 },
  shipping: {
    name: PERSON,
    phone_number: PERSON,
    address: { line1: PERSON },
    status: 'shipped',
    carrier: 'dhl',
    tracking_number: '1',
    tracking_url: 'https://example.com/1',
    eta: 9,
  },
};

const transaction = {
  id: 'ipi_1',
  type: 'capture',
  amount: -500,
  currency: 'eur',
  created: 3,
  authorization: { id: 'iauth_1', card },
  card,
  cardholder,
  merchant_data: { name: 'Shop', category: 'x', category_code: '1', network_id: '2' },
  purchase_details: { flight: { passenger_name: PERSON } },
};

const authorization = {
  id: 'iauth_1',
  amount: 500,
  approved: true,
  card,
  cardholder,
  created: 2,
  currency: 'eur',
  merchant_data: { name: 'Shop', category: 'x', category_code: '1', network_id: '2' },
  metadata: { request: 'r' },
  request_history: [{ amount: 500, approved: true, reason: 'webhook_approved', created: 2 }],
  status: 'closed',
  transactions: [{ ...transaction, authorization: 'iauth_1' }, 'ipi_2'],
  verification_data: { postal_code: PERSON },
  fleet: { cardholder_prompt_data: { driver_id: PERSON } },
};

const OBJECTS: Readonly<Record<FetchedKind, Readonly<Record<string, unknown>>>> = {
  cardholder,
  card,
  authorization,
  transaction,
  dispute: {
    id: 'idp_1',
    status: 'submitted',
    transaction,
    evidence: { reason: 'other', other: { explanation: PERSON } },
  },
};

describe('withoutPerson', () => {
  it.each(Object.keys(OBJECTS) as FetchedKind[])('keeps of a %s what is read of it', (kind) => {
    const whole = OBJECTS[kind];
    const kept = withoutPerson(kind, whole);
    expect(JSON.stringify(kept)).not.toContain(PERSON);
    const read = (object: Readonly<Record<string, unknown>>) =>
      interpretEvent(FETCHED_TYPES[kind], { created: 5, data: { object } });
    expect(read(kept)).toEqual(read(whole));
  });

  it('leaves out what was not there', () => {
    expect(withoutPerson('authorization', { id: 'iauth_1', card: 'ic_1' })).toEqual({
      id: 'iauth_1',
      card: 'ic_1',
    });
  });
});

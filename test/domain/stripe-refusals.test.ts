import { describe, expect, it } from 'vitest';
import { fieldOfParam, holderVerdict, refusalVerdict } from '../../src/domain/stripe-refusals.ts';

describe('what stands against a holder', () => {
  it.each([
    ['under_review', 'wait'],
    ['listed', 'wait'],
    ['requirements.past_due', 'wait'],
    ['something_new', 'wait'],
    ['cardholder_blocked', 'ask'],
    ['cardholder_inactive', 'ask'],
    ['rejected.listed', 'give_up'],
    ['rejected.something_new', 'give_up'],
  ])('%s: %s', (problem, kind) => {
    expect(holderVerdict(problem)).toEqual({ kind, reason: problem });
  });
});

describe('what stands against a request', () => {
  it.each([
    ['lock_timeout', null, 'retry', 'lock_timeout'],
    ['rate_limit', 'name', 'retry', 'rate_limit'],
    ['invalid_request_error', null, 'ask', 'invalid_request_error'],
    ['resource_missing', 'personalization_design', 'ask', 'invalid:personalizationDesign'],
    ['parameter_invalid', 'individual[first_name]', 'ask', 'invalid:individual.firstName'],
  ])('%s of %s: %s', (code, param, kind, reason) => {
    expect(refusalVerdict({ code, param })).toEqual({ kind, reason });
  });
});

describe('the name of our field', () => {
  it.each([
    ['phone_number', 'phoneNumber'],
    ['billing[address][postal_code]', 'billing.postalCode'],
    ['shipping[address][line1]', 'shipping.line1'],
    ['shipping[name]', 'shipping.name'],
    ['shipping[customs][eori_number]', 'shipping.eoriNumber'],
    ['shipping[address_validation][mode]', 'shipping.addressValidation'],
    ['individual[dob][year]', 'individual.dob.year'],
    ['individual[card_issuing][user_terms_acceptance][ip]', 'individual.userTermsAcceptance.ip'],
    ['individual[verification][document][front]', 'individual.identityDocument.front'],
    ['company[tax_id]', 'company.taxId'],
    ['lifecycle_controls[cancel_after][payment_count]', 'cancelAfterPayments'],
    ['spending_controls[spending_limits][0][amount]', 'controls'],
    ['second_line', 'secondLine'],
  ])('for %s is %s', (param, field) => {
    expect(fieldOfParam(param)).toBe(field);
  });

  it('is not taken from a text that may hold more than a name', () => {
    for (const odd of ['name: Jenny Rosen', 'a'.repeat(101), '', 'name[', 'näme']) {
      expect(fieldOfParam(odd)).toBe('unknown');
    }
  });
});

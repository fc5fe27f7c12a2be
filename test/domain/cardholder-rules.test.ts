/** What is refused before it is stored, with the path of the field. */
import { describe, expect, it } from 'vitest';
import { cardProblems } from '../../src/domain/card-request-rules.ts';
import {
  type HolderCircumstances,
  type HolderToCheck,
  holderProblems,
} from '../../src/domain/cardholder-rules.ts';
import { COUNTRIES } from '../../src/domain/countries.ts';
import { addressProblems, needsPhone } from '../../src/domain/postal-rules.ts';
import { ipAddress, personName, printedName, secondLine } from '../../src/domain/text-rules.ts';
import { isCountry } from '../../src/simulator/machines/country.ts';
import { isEuropeanCard } from '../../src/simulator/machines/region.ts';

const NOW = Date.UTC(2026, 10, 29, 12);
const AT: HolderCircumstances = {
  today: '2026-11-29',
  nowMs: NOW,
  termsAcceptedMs: NOW - 1,
  currencies: ['usd'],
};
const US = { line1: '1 Main St', city: 'Reno', state: 'NV', postalCode: '89501', country: 'US' };
const INDIVIDUAL = { firstName: 'Ada', lastName: 'King', dob: { day: 10, month: 12, year: 1990 } };
const ADA: HolderToCheck = {
  type: 'individual',
  name: 'Ada King',
  billing: US,
  individual: INDIVIDUAL,
};

const paths = (holder: Partial<HolderToCheck>, at: Partial<HolderCircumstances> = {}) =>
  holderProblems({ ...ADA, ...holder }, { ...AT, ...at }).map(({ path }) => path);

describe('names', () => {
  it.each([
    'Ada King',
    "Seán O'Brien-Smith",
    'Müller, Jr.',
    'Łukasz Żółć',
    'Smith & Sons',
    'Nguyễn Văn An',
  ])('%s is printed', (name) => {
    expect(printedName(name)).toBeUndefined();
  });

  it.each([
    'Ada 2',
    'Ada!',
    'Ада',
    '李小龙',
    'a'.repeat(25),
    ' Ada',
    'Ada ',
    '',
    '.',
    'Ada\tKing',
    'Ada\n',
    'Ada😀',
    'Ada\u0301',
    'Ada_King',
  ])('%j is not', (name) => {
    expect(printedName(name)).toEqual(expect.any(String));
    expect(paths({ name })).toEqual(['name']);
  });

  it('of a person takes no ampersand, and a second line digits too', () => {
    expect(personName('Smith & Sons')).toEqual(expect.any(String));
    expect(secondLine('Unit 7/8, #12')).toBeUndefined();
    expect(secondLine('Unit 7 ★')).toEqual(expect.any(String));
    expect(secondLine('x'.repeat(25))).toEqual(expect.any(String));
  });
});

describe('a holder', () => {
  it('of the usual kind has no problems', () => {
    expect(paths({})).toEqual([]);
    expect(paths({ type: 'company', individual: undefined as never, company: {} })).toEqual([]);
  });

  it('is told every field that is wrong, in order', () => {
    const wrong = {
      name: 'Ada 2',
      email: 'ada',
      phoneNumber: '0301234',
      billing: { ...US, postalCode: '1', state: 'Nevada' },
      individual: { ...INDIVIDUAL, firstName: '', lastName: '7' },
      company: { taxId: ' ' },
    };
    expect(paths(wrong)).toEqual([
      'name',
      'email',
      'phoneNumber',
      'billing.postalCode',
      'billing.state',
      'company',
      'individual.firstName',
      'individual.lastName',
      'company.taxId',
    ]);
  });

  it('of a European card needs a phone, by country or by currency', () => {
    const billing = { ...US, country: 'DE', postalCode: '10115' };
    expect(paths({ billing })).toEqual(['phoneNumber']);
    expect(paths({}, { currencies: ['usd', 'eur'] })).toEqual(['phoneNumber']);
    expect(paths({ billing, phoneNumber: '+4930123456' })).toEqual([]);
    for (const country of COUNTRIES) {
      for (const currency of ['usd', 'eur', 'gbp', 'chf', 'pln', 'jpy']) {
        expect(needsPhone(country, [currency])).toBe(isEuropeanCard(currency, country));
      }
    }
  });

  it.each([
    [{ day: 29, month: 2, year: 2001 }, 'not a date'],
    [{ day: 29, month: 2, year: 1900 }, 'not a date'],
    [{ day: 31, month: 4, year: 2000 }, 'not a date'],
    [{ day: 30, month: 11, year: 2026 }, 'future'],
    [{ day: 30, month: 11, year: 2013 }, 'child'],
  ])('born on %j is refused', (dob, message) => {
    const individual = { ...INDIVIDUAL, dob };
    const [problem] = holderProblems({ ...ADA, individual }, AT);
    expect(problem).toMatchObject({
      path: 'individual.dob',
      message: expect.stringContaining(message),
    });
  });

  it('is taken on the thirteenth birthday, and on a leap day', () => {
    for (const dob of [
      { day: 29, month: 11, year: 2013 },
      { day: 29, month: 2, year: 2000 },
    ]) {
      expect(paths({ individual: { ...INDIVIDUAL, dob } })).toEqual([]);
    }
  });

  it('accepted the terms at some moment until now, from some address', () => {
    const accepted = (ip: string) => ({
      individual: { ...INDIVIDUAL, userTermsAcceptance: { date: 'any', ip } },
    });
    expect(paths(accepted('203.0.113.7'))).toEqual([]);
    const date = ['individual.userTermsAcceptance.date'];
    expect(paths(accepted('203.0.113.7'), { termsAcceptedMs: null })).toEqual(date);
    expect(paths(accepted('203.0.113.7'), { termsAcceptedMs: NOW + 3_600_000 })).toEqual(date);
    expect(paths(accepted('203.0.113'))).toEqual(['individual.userTermsAcceptance.ip']);
  });
});

describe('an address', () => {
  const problems = (address: object) =>
    addressProblems({ ...US, ...address }, '').map(({ path }) => path);

  it('is in a country that Stripe knows', () => {
    for (const country of COUNTRIES) expect(isCountry(country)).toBe(true);
    expect(problems({ country: 'UK' })).toEqual(['country']);
    expect(problems({ country: 'XX' })).toEqual(['country']);
  });

  it.each([
    { postalCode: '89501-1234' },
    { country: 'CA', state: 'ON', postalCode: 'K1A 0B1' },
    { country: 'CA', state: 'QC', postalCode: 'h2x1y4' },
    { country: 'GB', state: undefined, postalCode: 'SW1A 1AA' },
    { country: 'GB', state: 'Kent', postalCode: 'M1 1AE' },
    { country: 'GB', postalCode: 'EC1A1BB' },
    { country: 'IE', state: 'Dublin', postalCode: 'anything' },
    { state: 'PR', postalCode: '00901' },
  ])('like %j can be', (address) => {
    expect(problems(address)).toEqual([]);
  });

  it.each([
    [{ postalCode: '8950' }, ['postalCode']],
    [{ state: 'ZZ' }, ['state']],
    [{ state: undefined }, ['state']],
    [{ country: 'CA', state: 'ON', postalCode: 'D1A 0B1' }, ['postalCode']],
    [{ country: 'CA', state: 'NV', postalCode: 'K1A 0B1' }, ['state']],
    [{ country: 'GB', postalCode: '12345' }, ['postalCode']],
    [{ line1: ' ' }, ['line1']],
    [{ line2: 'a\nb' }, ['line2']],
    [{ city: 'a\u0007' }, ['city']],
  ])('like %j cannot', (address, expected) => {
    expect(problems(address)).toEqual(expected);
  });
});

describe('an IP address', () => {
  it.each(['0.0.0.0', '255.255.255.255', '::', '::1', '2001:db8::ff00:42:8329', '1:2:3:4:5:6:7:8'])(
    'may be %s',
    (ip) => expect(ipAddress(ip)).toBeUndefined(),
  );
  it.each([
    '',
    '256.1.1.1',
    '1.2.3',
    '01.2.3.4',
    '1:2:3:4:5:6:7',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    'g::1',
    '1:2:3:4:5:6:7::8',
  ])('is not %j', (ip) => expect(ipAddress(ip)).toEqual(expect.any(String)));
});

describe('a card', () => {
  it('that is virtual has nothing printed or sent', () => {
    const shipping = { name: 'Ada', ...US };
    const card = { shipping, secondLine: 'x', personalizationDesign: 'ipcd_1' };
    expect(cardProblems({ type: 'virtual', ...card }).map(({ path }) => path)).toEqual([
      'shipping',
      'secondLine',
      'personalizationDesign',
    ]);
    expect(cardProblems({ type: 'physical', ...card })).toEqual([]);
  });

  it('of plastic is told what is wrong with its parcel', () => {
    const shipping = { name: ' ', ...US, postalCode: 'x', phoneNumber: '1', businessName: '\n' };
    const wrong = cardProblems({ type: 'physical', shipping, secondLine: 'é★' });
    expect(wrong.map(({ path }) => path)).toEqual([
      'shipping.name',
      'shipping.businessName',
      'shipping.postalCode',
      'shipping.phoneNumber',
      'secondLine',
    ]);
  });
});

/** Signatures of Stripe's events, beside Stripe's own library. */
import fc from 'fast-check';
import { Stripe } from 'stripe';
import { describe, expect, it } from 'vitest';
import { verifySignature, verifyStripeEvent } from '../../src/adapters/stripe/signature.ts';
import { event } from '../support/stripe-events.ts';

const SECRET = 'whsec_current';
const OTHER = 'whsec_rolled';
const TOLERANCE_S = 300;
const body = Buffer.from(
  JSON.stringify(event('issuing_card.updated', { id: 'ic_1', name: 'Zoë' })),
);
const nowS = (): number => Math.floor(Date.now() / 1_000);

const signed = (secret: string, timestamp = nowS(), payload = body.toString()): string =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
const v1Of = (header: string): string => header.split('v1=')[1] ?? '';

const verify = (header: string | undefined, secrets = [SECRET], rawBody = body) =>
  verifySignature({ rawBody, signatureHeader: header, secrets });

function libraryAccepts(header: string, rawBody: Buffer): boolean {
  try {
    Stripe.webhooks.constructEvent(rawBody, header, SECRET, TOLERANCE_S);
    return true;
  } catch {
    return false;
  }
}

describe('a signature', () => {
  it('is accepted with the secret it was made with, and tells which of several that was', () => {
    expect(verify(signed(SECRET))).toMatchObject({ kind: 'verified', secretIndex: 0 });
    expect(verify(signed(OTHER), [SECRET, OTHER])).toMatchObject({ secretIndex: 1 });
    expect(verify(signed(OTHER))).toEqual({ kind: 'refused', reason: 'signature' });
  });

  it('may stand beside that of a secret which is being rolled, and one of another scheme', () => {
    const header = `${signed(OTHER)},v1=${v1Of(signed(SECRET))},v0=abc`;
    expect(verify(header)).toMatchObject({ kind: 'verified' });
    expect(verify(`t=${nowS()},v0=${v1Of(signed(SECRET))}`)).toMatchObject({ kind: 'refused' });
  });

  it('is refused when it is older than five minutes, and taken from a clock that is ahead', () => {
    expect(verify(signed(SECRET, nowS() - TOLERANCE_S - 2))).toMatchObject({ kind: 'refused' });
    expect(verify(signed(SECRET, nowS() - TOLERANCE_S + 5))).toMatchObject({ kind: 'verified' });
    expect(verify(signed(SECRET, nowS() + 86_400))).toMatchObject({ kind: 'verified' });
  });

  it.each([undefined, '', 't=', 'v1=', 't=abc,v1=00', 't=1e9,v1=00', ',,,', '=', 't=1,t=2'])(
    'is not %j',
    (header) => {
      expect(verify(header)).toEqual({ kind: 'refused', reason: 'signature' });
    },
  );

  it('says nothing of a body that is no event', () => {
    for (const text of [
      '',
      'null',
      '[]',
      '"x"',
      '{',
      '{}',
      '{"object":"v2.core.event","type":"x"}',
    ]) {
      const rawBody = Buffer.from(text);
      expect(verify(signed(SECRET, nowS(), text), [SECRET], rawBody)).toEqual({
        kind: 'refused',
        reason: 'not_an_event',
      });
    }
    const text = '{"type":"issuing_card.updated"}';
    const bare = { rawBody: Buffer.from(text), signatureHeader: signed(SECRET, nowS(), text) };
    expect(verifySignature({ ...bare, secrets: [SECRET] })).toMatchObject({ kind: 'verified' });
    expect(verifyStripeEvent({ ...bare, secrets: [SECRET] })).toMatchObject({ kind: 'refused' });
  });

  const seed = Number(fc.sample(fc.nat(), 1)[0]);
  it(`is nothing that Stripe's library would not take for one, and all that is as Stripe writes it (seed ${seed})`, () => {
    const edit = fc.record({
      ageS: fc.integer({ min: -1_000, max: 1_000 }).filter((age) => Math.abs(age - 300) > 2),
      at: fc.nat({ max: 120 }),
      by: fc.constantFrom('', '0', 'f', ',', '=', 'v1=', ' '),
      cut: fc.nat({ max: 2 }),
      flip: fc.option(fc.nat({ max: body.length - 1 }), { freq: 3 }),
    });
    fc.assert(
      fc.property(edit, ({ ageS, at, by, cut, flip }) => {
        const header = signed(SECRET, nowS() - ageS);
        const changed = header.slice(0, at) + by + header.slice(at + cut);
        const rawBody = Buffer.from(body);
        if (flip !== null) rawBody[flip] = (rawBody[flip] ?? 0) ^ 1;
        const ours = verify(changed, [SECRET], rawBody).kind === 'verified';
        const theirs = libraryAccepts(changed, rawBody);
        // The library takes some that Stripe never writes, such as two equals signs.
        if (ours || changed === header)
          expect({ changed, ours }).toEqual({ changed, ours: theirs });
      }),
      { seed, numRuns: 500 },
    );
  });
});

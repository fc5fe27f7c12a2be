import { describe, expect, it } from 'vitest';
import { ingressConfig, relayConfig } from '../../src/platform/config.ts';

const ENV = {
  DATABASE_URL: 'postgres://issuing_app@127.0.0.1/issuing',
  API_KEYS: 'key',
  STRIPE_SECRET_KEY: 'sk_test_1',
};
const secretsOf = (text: string) =>
  ingressConfig({ ...ENV, STRIPE_WEBHOOK_SECRETS: text }).webhookSecrets;

describe('the signing secrets of webhook endpoints', () => {
  it('are each bound to the events of one kind of endpoint, or to none', () => {
    expect(secretsOf('whsec_1, platform=whsec_2,connect=whsec_3,platform=whsec_4')).toEqual([
      { signs: 'any', secret: 'whsec_1' },
      { signs: 'platform', secret: 'whsec_2' },
      { signs: 'connect', secret: 'whsec_3' },
      { signs: 'platform', secret: 'whsec_4' },
    ]);
  });

  it.each([
    ['acct_1=whsec_hush', 'STRIPE_WEBHOOK_SECRETS has an entry that does not start with whsec_'],
    ['platform=we_hush', 'STRIPE_WEBHOOK_SECRETS has an entry that does not start with whsec_'],
    ['platform=whsec_hush,connect=whsec_hush', 'STRIPE_WEBHOOK_SECRETS has the same secret twice'],
  ])('are refused as %s, without repeating it', (text, problem) => {
    expect(() => secretsOf(text)).toThrow(problem);
    expect(() => secretsOf(text)).not.toThrow(/hush/);
  });
});

describe('the mode of an installation', () => {
  const read = (key: string, livemode?: string) =>
    relayConfig({ ...ENV, STRIPE_SECRET_KEY: key, STRIPE_LIVEMODE: livemode }).stripe.secretKey;

  it.each([
    ['sk_live_1', undefined, 'STRIPE_SECRET_KEY is a live key, but STRIPE_LIVEMODE is false'],
    ['rk_live_1', 'false', 'STRIPE_SECRET_KEY is a live key, but STRIPE_LIVEMODE is false'],
    ['sk_test_1', 'true', 'STRIPE_SECRET_KEY is a test key, but STRIPE_LIVEMODE is true'],
    ['sk_test_1', 'yes', 'STRIPE_LIVEMODE is "yes"'],
  ])('does not fit %s with %s', (key, livemode, problem) => {
    expect(() => read(key, livemode)).toThrow(problem);
  });

  it('fits a key of the same mode', () => {
    expect(read('rk_live_1', 'true')).toBe('rk_live_1');
    expect(read('rk_test_1', 'false')).toBe('rk_test_1');
  });
});

it('keeps events for at least 65 days', () => {
  const read = (days?: string) =>
    relayConfig({ ...ENV, EVENT_RETENTION_DAYS: days }).eventRetentionDays;
  expect(read()).toBe(180);
  expect(read('65')).toBe(65);
  expect(() => read('64')).toThrow('EVENT_RETENTION_DAYS');
});

/** Settings of an external KYC provider: its address with what signs, or none. */
import { describe, expect, it } from 'vitest';
import { ingressConfig, workerConfig } from '../../src/platform/config.ts';

const DATABASE_URL = 'postgres://issuing_app:secret@127.0.0.1:5432/issuing';
const INGRESS = { DATABASE_URL, API_KEYS: 'key', STRIPE_WEBHOOK_SECRETS: 'whsec_1' };
const WORKER = { DATABASE_URL, STRIPE_SECRET_KEY: 'sk_test_1' };
const KYC_PROVIDER_URL = 'https://kyc.example.com/v1';

describe('an external KYC provider', () => {
  it('is none unless somebody names one', () => {
    expect(ingressConfig(INGRESS).kyc).toBeNull();
    expect(workerConfig(WORKER).kyc).toBeNull();
  });

  it('has an address and its secrets', () => {
    expect(
      ingressConfig({ ...INGRESS, KYC_PROVIDER_URL, KYC_CALLBACK_SECRETS: 'new,old' }).kyc,
    ).toEqual({ secrets: ['new', 'old'] });
    expect(workerConfig({ ...WORKER, KYC_PROVIDER_URL, KYC_PROVIDER_SECRET: 'a,b' }).kyc).toEqual({
      url: KYC_PROVIDER_URL,
      secret: 'a,b',
    });
  });

  it('needs no secrets of callbacks where it sends none: then it is polled', () => {
    expect(ingressConfig({ ...INGRESS, KYC_PROVIDER_URL }).kyc).toEqual({ secrets: [] });
  });

  it.each([
    [
      'KYC_PROVIDER_URL is not set',
      () => ingressConfig({ ...INGRESS, KYC_CALLBACK_SECRETS: 'new' }),
    ],
    ['KYC_PROVIDER_SECRET is not set', () => workerConfig({ ...WORKER, KYC_PROVIDER_URL })],
    ['KYC_PROVIDER_URL is not set', () => workerConfig({ ...WORKER, KYC_PROVIDER_SECRET: 's' })],
    [
      'KYC_PROVIDER_URL is not a URL',
      () => workerConfig({ ...WORKER, KYC_PROVIDER_URL: 'kyc', KYC_PROVIDER_SECRET: 's' }),
    ],
  ])('says that %s', (problem, read) => {
    expect(read).toThrow(problem);
  });
});

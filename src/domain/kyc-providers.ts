/** Who may verify a holder. */
export type KycProviderName = 'stripe_identity' | 'external' | 'manual';
export const KYC_PROVIDERS = [
  'stripe_identity',
  'external',
  'manual',
] as const satisfies readonly KycProviderName[];

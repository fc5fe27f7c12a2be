/** Whether a KYC provider can be asked here: whoever wants another one hears of it at once. */
import type { KycProviderName } from '../../domain/kyc-providers.ts';
import { ApiError } from './errors.ts';
import type { IngressPorts } from './ingress-ports.ts';

export function requireKycProvider(
  { kycProviders }: Pick<IngressPorts, 'kycProviders'>,
  provider: KycProviderName | undefined,
): void {
  if (provider === undefined || kycProviders.includes(provider)) return;
  throw new ApiError('KYC_PROVIDER_NOT_CONFIGURED', { provider, configured: [...kycProviders] });
}

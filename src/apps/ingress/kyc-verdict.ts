/** A person's verdict about a holder, recorded and told; what stands in its way ends the request. */
import type { CardholderId } from '../../domain/ids.ts';
import type { KycVerdicts, PersonsVerdict } from '../../ports/kyc-verdicts.ts';
import { ApiError } from './errors.ts';

/** Nothing is told where the verdict stood already. */
export async function decideOrRefuse(
  verdicts: KycVerdicts,
  cardholderId: CardholderId,
  verdict: PersonsVerdict & { readonly at: Date },
): Promise<void> {
  const outcome = await verdicts.decide(cardholderId, verdict, verdict.at);
  switch (outcome.kind) {
    case 'decided':
      return verdicts.announce(cardholderId, verdict);
    case 'as_wanted':
      return;
    case 'decided_otherwise':
      throw new ApiError('KYC_DECIDED', { cardholderId, status: outcome.status });
    case 'nothing_to_decide':
      throw new ApiError('KYC_NOTHING_TO_DECIDE', { cardholderId });
    case 'unknown_holder':
      throw new ApiError('CARDHOLDER_NOT_FOUND', { cardholderId });
  }
}

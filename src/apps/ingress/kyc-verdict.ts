/** A person's verdict about a holder, recorded; what stands in its way ends the request. */
import type { CardholderId } from '../../domain/ids.ts';
import type { KycBefore, KycVerdicts, PersonsVerdict } from '../../ports/kyc-verdicts.ts';
import { ApiError } from './errors.ts';

/** Undefined where the verdict stood already. */
export async function decideOrRefuse(
  verdicts: KycVerdicts,
  cardholderId: CardholderId,
  verdict: PersonsVerdict & { readonly at: Date },
): Promise<KycBefore | undefined> {
  const outcome = await verdicts.decide(cardholderId, verdict, verdict.at);
  switch (outcome.kind) {
    case 'decided':
      return outcome.before;
    case 'as_wanted':
      return undefined;
    case 'decided_otherwise':
      throw new ApiError('KYC_DECIDED', { cardholderId, status: outcome.status });
    case 'nothing_to_decide':
      throw new ApiError('KYC_NOTHING_TO_DECIDE', { cardholderId });
    case 'unknown_holder':
      throw new ApiError('CARDHOLDER_NOT_FOUND', { cardholderId });
  }
}

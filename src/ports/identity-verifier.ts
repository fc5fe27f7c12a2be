/** Who checks documents: Stripe Identity, in domain words. */
import type { CardholderId, VerificationSessionId } from '../domain/ids.ts';
import type { Holder } from './holder-store.ts';
import type { FrozenRequest, IssuerAnswer, IssuerTenant } from './issuer.ts';

export interface VerificationSession {
  readonly sessionId: VerificationSessionId;
  readonly status: 'requires_input' | 'processing' | 'verified' | 'canceled';
  /** Where the customer identifies; works once and for 48 h, so it is read anew for each try. */
  readonly url: string | null;
}

/** Every method throws IssuerUnavailableError when Stripe gives no usable answer. */
export interface IdentityVerifier {
  draftSession(holder: Holder, attempt: number): FrozenRequest;
  sendSession(
    tenant: IssuerTenant,
    request: FrozenRequest,
    idempotencyKey: string,
  ): Promise<IssuerAnswer<VerificationSession>>;
  /** The newest session of this holder that is not cancelled, if it is of this attempt. */
  findSession(
    tenant: IssuerTenant,
    by: { readonly cardholderId: CardholderId; readonly attempt: number },
  ): Promise<VerificationSession | undefined>;
  /** Undefined when Stripe knows no such session. */
  readSession(
    tenant: IssuerTenant,
    id: VerificationSessionId,
  ): Promise<VerificationSession | undefined>;
}

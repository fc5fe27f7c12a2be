/** Who checks a holder's identity: Stripe Identity, a provider of one's own, or a person. One port for all of them. */
import type { CardholderId, KycReference } from '../domain/ids.ts';
import type { CheckError, CheckStatus, CheckView } from '../domain/kyc.ts';
import type { KycProviderName } from '../domain/kyc-providers.ts';
import type { Holder } from './holder-store.ts';
import type { FrozenRequest, IssuerAnswer, IssuerTenant } from './issuer.ts';

export interface KycCheck {
  /** The provider's own name of the check. */
  readonly reference: KycReference;
  readonly status: CheckStatus;
  /** Where the customer identifies; it may work once and for hours only, so it is read anew for each try. */
  readonly url: string | null;
  /** Whether the customer can still get in, or is in already; a check that has lost its link is followed by another. */
  readonly isOpen: boolean;
  readonly error: CheckError | null;
}

/** A check as the provider shows it now, and how that ranks among its messages. */
export interface PolledCheck extends KycCheck {
  readonly atS: CheckView['atS'];
}

/** A check of which we know, and whose it is. */
export interface KnownCheck {
  readonly cardholderId: CardholderId;
  readonly reference: KycReference;
}

/** No usable answer of the provider: try again later. Stripe's adapter throws IssuerUnavailableError alike. */
export class KycUnavailableError extends Error {
  override readonly name = 'KycUnavailableError';
}

/** Every method throws when the provider gives no usable answer; one about another holder is none. */
export interface KycProvider {
  draft(holder: Holder, attempt: number): FrozenRequest;
  send(
    tenant: IssuerTenant,
    request: FrozenRequest,
    idempotencyKey: string,
  ): Promise<IssuerAnswer<KycCheck>>;
  /** The newest check of this holder that is not cancelled, if it is of this attempt. */
  find(
    tenant: IssuerTenant,
    by: { readonly cardholderId: CardholderId; readonly attempt: number },
  ): Promise<KycCheck | undefined>;
  /** Undefined when the provider knows no such check. */
  read(tenant: IssuerTenant, check: KnownCheck): Promise<PolledCheck | undefined>;
}

/** Those that are configured. */
export type KycProviders = Readonly<Partial<Record<KycProviderName, KycProvider>>>;

/** Has the provider forget what the customer showed; the outcome stays with us. */
export interface KycRedactor {
  /** `not_yet`: the check is in a state in which it cannot be redacted. Repeating a redaction does no harm. */
  redact(tenant: IssuerTenant, reference: KycReference): Promise<'redacted' | 'not_yet'>;
}

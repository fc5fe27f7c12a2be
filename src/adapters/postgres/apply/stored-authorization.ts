/** A stored authorization, with its decisions. */
import type { AuthorizationFlag } from '../../../domain/authorization-flags.ts';
import type { AuthorizationStatus, Merchant } from '../../../domain/authorization-state.ts';
import type { AuthorizationState } from '../../../domain/books.ts';
import { type Evidence, NO_EVIDENCE, type RecordedDecision } from '../../../domain/confirmation.ts';
import type { AuthorizationRecord } from '../../../domain/convergence.ts';
import type {
  AccountId,
  AuthorizationId,
  CardId,
  StripeCardId,
  TenantId,
  TransactionId,
} from '../../../domain/ids.ts';
import type { Currency, MinorUnits } from '../../../domain/money.ts';

export interface AuthorizationRow {
  authorization_id: AuthorizationId;
  tenant_id: TenantId;
  account_id: AccountId;
  card_id: CardId;
  stripe_card_id: StripeCardId;
  currency: Currency;
  snapshot: AuthorizationRecord['newest'] | null;
  evidence: Partial<Evidence>;
  status: AuthorizationStatus;
  held_minor: MinorUnits;
  captured_minor: MinorUnits;
  refunded_minor: MinorUnits;
  counted_minor: MinorUnits;
  anchored_s: number;
  merchant: Partial<Merchant>;
  flags: AuthorizationFlag[];
  is_purchase: boolean;
  awaits: TransactionId[];
  decisions: RecordedDecision[] | null;
}

export function toAuthorization(row: AuthorizationRow): AuthorizationState {
  const { name, category, categoryCode, country, networkId } = row.merchant;
  return {
    record: {
      authorizationId: row.authorization_id,
      newest: row.snapshot ?? [],
      evidence: { ...NO_EVIDENCE, ...row.evidence },
      heldMinor: row.held_minor,
      decisions: row.decisions ?? [],
    },
    tenantId: row.tenant_id,
    accountId: row.account_id,
    cardId: row.card_id,
    stripeCardId: row.stripe_card_id,
    currency: row.currency,
    status: row.status,
    capturedMinor: row.captured_minor,
    refundedMinor: row.refunded_minor,
    countedMinor: row.counted_minor,
    anchoredS: row.anchored_s,
    isPurchase: row.is_purchase,
    awaits: row.awaits,
    merchant:
      category === undefined
        ? null
        : {
            name: name ?? null,
            category,
            categoryCode: categoryCode ?? '',
            country: country ?? null,
            networkId: networkId ?? null,
          },
    flags: row.flags,
  };
}

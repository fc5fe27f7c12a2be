/** A clearing record as it is stored. Pure. Captures are negative, refunds positive, in both amounts. */
import type { AmountDetails, MerchantData } from './purchase.ts';

export interface TransactionRow {
  readonly id: string;
  readonly amount: number;
  readonly amount_details: AmountDetails | null;
  readonly authorization: string | null;
  /** Id; absent in processor-only programs. */
  readonly balance_transaction?: string;
  readonly card: string;
  readonly cardholder: string;
  readonly created: number;
  readonly currency: string;
  readonly dispute: string | null;
  readonly merchant_amount: number;
  readonly merchant_currency: string;
  readonly merchant_data: MerchantData;
  readonly metadata: Readonly<Record<string, string>>;
  readonly network_data: {
    readonly authorization_code: string | null;
    readonly processing_date: string | null;
    readonly transaction_id: string | null;
  };
  readonly purchase_details?: Readonly<Record<string, unknown>>;
  /** The wallet's token that was paid with, if any. */
  readonly token?: string;
  readonly type: 'capture' | 'refund';
  readonly wallet: 'apple_pay' | 'google_pay' | 'samsung_pay' | null;
  readonly sim: {
    /** What has been refunded of a capture, in minor units of the card's currency. */
    readonly refunded: number;
  };
}

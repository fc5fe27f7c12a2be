/** The parts of a purchase that authorizations and transactions have in common, as the API shows them. */
export interface AmountDetails {
  readonly atm_fee: number | null;
  readonly cashback_amount: number | null;
}

export interface MerchantData {
  readonly category: string;
  readonly category_code: string;
  readonly city: string | null;
  readonly country: string | null;
  readonly name: string | null;
  readonly network_id: string;
  readonly postal_code: string | null;
  readonly state: string | null;
  readonly tax_id: string | null;
  readonly terminal_id: string | null;
  readonly url: string | null;
}

export interface Fleet {
  readonly cardholder_prompt_data: Readonly<Record<string, string | number | null>> | null;
  readonly purchase_type: string | null;
  readonly reported_breakdown: {
    readonly fuel: { readonly gross_amount_decimal: string | null } | null;
    readonly non_fuel: { readonly gross_amount_decimal: string | null } | null;
    readonly tax: {
      readonly local_amount_decimal: string | null;
      readonly national_amount_decimal: string | null;
    } | null;
  } | null;
  readonly service_type: string | null;
}

export interface Fuel {
  readonly industry_product_code: string | null;
  readonly quantity_decimal: string | null;
  readonly type: string | null;
  readonly unit: string | null;
  readonly unit_cost_decimal: string | null;
}

type Check = 'match' | 'mismatch' | 'not_provided';

export interface VerificationData {
  readonly address_line1_check: Check;
  readonly address_postal_code_check: Check;
  readonly authentication_exemption: {
    readonly claimed_by: 'acquirer' | 'issuer';
    readonly type: 'low_value_transaction' | 'transaction_risk_analysis' | 'unknown';
  } | null;
  readonly cvc_check: Check;
  readonly expiry_check: Check;
  readonly postal_code: string | null;
  readonly three_d_secure: {
    readonly result: 'attempt_acknowledged' | 'authenticated' | 'failed' | 'required';
  } | null;
}

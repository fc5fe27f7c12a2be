import { type Static, Type } from 'typebox';
import { KycProviderText, nullable, ShownMinor, TenantIdText, Timestamp } from './values.ts';

/** As much as the purchase itself. */
const FX_MARGIN_BP_MAX = 10_000;
/** Pumps ask for 1.00 to check a card; less would be no hold for fuel. */
const FUEL_HOLD_MINOR_MIN = 100;
/** A million of most currencies, above the price of any tank. */
const FUEL_HOLD_MINOR_MAX = 100_000_000;

const Name = Type.String({ minLength: 1, maxLength: 200 });

export const NewTenant = Type.Object(
  {
    name: Name,
    stripeAccount: Type.Optional(
      Type.String({
        pattern: '^acct_[A-Za-z0-9_]{1,60}$',
        description: "A connected account; without it, the platform's own.",
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [{ name: 'Northwind', stripeAccount: 'acct_1NorthwindEU' }],
  },
);
export type NewTenant = Static<typeof NewTenant>;

export const Tenant = Type.Object({
  id: TenantIdText,
  name: Type.String(),
  stripeAccount: nullable(Type.String()),
  fxMarginBp: Type.Integer({
    description: 'Held on top of a purchase in a foreign currency; 100 is 1 %.',
  }),
  fuelHoldMinor: ShownMinor,
  kycProvider: KycProviderText,
  createdAt: Timestamp,
});
export type Tenant = Static<typeof Tenant>;

export const TenantSettings = Type.Object(
  {
    name: Type.Optional(Name),
    fxMarginBp: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: FX_MARGIN_BP_MAX,
        description:
          'Held on top of a purchase in a foreign currency, whose final amount is known later; 100 is 1 %.',
      }),
    ),
    fuelHoldMinor: Type.Optional(
      Type.Integer({
        minimum: FUEL_HOLD_MINOR_MIN,
        maximum: FUEL_HOLD_MINOR_MAX,
        description: "Held for a fuel pump's check of 1.00, until it tells the true amount.",
      }),
    ),
    kycProvider: Type.Optional(KycProviderText),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ fxMarginBp: 250 }] },
);
export type TenantSettings = Static<typeof TenantSettings>;

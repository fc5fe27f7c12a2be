import { type Static, Type } from 'typebox';
import { nullable, TenantIdText, Timestamp } from './values.ts';

export const NewTenant = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
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
  createdAt: Timestamp,
});
export type Tenant = Static<typeof Tenant>;

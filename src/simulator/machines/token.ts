/**
 * A wallet's token of a card as it is stored, and its state machine. Pure.
 *
 *   requested ──► active ◄──► suspended
 *       │           │             │
 *       └───────────┴─────────────┴──► deleted (for good)
 */
import { SECONDS_PER_DAY } from './duration.ts';

export const TOKEN_STATUSES = ['active', 'deleted', 'requested', 'suspended'] as const;
export type TokenStatus = (typeof TOKEN_STATUSES)[number];
export const TOKEN_NETWORKS = ['mastercard', 'visa'] as const;
export const WALLETS = ['apple_pay', 'google_pay', 'samsung_pay'] as const;
export type Wallet = (typeof WALLETS)[number];

export interface TokenRow {
  readonly id: string;
  readonly card: string;
  readonly created: number;
  readonly device_fingerprint: string | null;
  readonly last4: string;
  readonly network: (typeof TOKEN_NETWORKS)[number];
  readonly network_updated_at: number;
  readonly status: TokenStatus;
  readonly wallet_provider: Wallet;
  readonly sim: {
    /** Shown on request only, and only while the token is new. */
    readonly networkData: Readonly<Record<string, unknown>>;
  };
}

const FROM: Readonly<Record<Exclude<TokenStatus, 'requested'>, readonly TokenStatus[]>> = {
  active: ['requested', 'suspended'],
  suspended: ['active'],
  deleted: ['requested', 'active', 'suspended'],
};

/** The token in another state, the same when it is there already, or undefined when there is no way. */
export function moveToken(
  token: TokenRow,
  status: keyof typeof FROM,
  now: number,
): TokenRow | undefined {
  if (token.status === status) return token;
  if (!FROM[status].includes(token.status)) return undefined;
  return { ...token, status, network_updated_at: now };
}

/** For how long Stripe shows what the network told about a new token. */
const NETWORK_DATA_SECONDS = SECONDS_PER_DAY;

export const showsNetworkData = (token: TokenRow, now: number): boolean =>
  now < token.created + NETWORK_DATA_SECONDS;

/**
 * The token with which a card pays in a wallet: the newest that is active, otherwise the newest. Undefined when the
 * wallet never asked for one.
 */
export function payingToken(
  tokens: readonly TokenRow[],
  { card, wallet }: { card: string; wallet: Wallet },
): TokenRow | undefined {
  const own = tokens.filter((token) => token.card === card && token.wallet_provider === wallet);
  return own.findLast(({ status }) => status === 'active') ?? own.at(-1);
}

/** Stripe's webhook signature. It always uses real time, because receivers check its age against their own clock. */
import { createHmac } from 'node:crypto';

/** A secret that a newer one has replaced; it still signs until a moment in Unix seconds of simulator time. */
export interface RolledSecret {
  readonly secret: string;
  readonly until: number;
}

/** What an endpoint's messages are signed with: one `v1` value for each secret. */
export interface SigningSecrets {
  readonly secret: string;
  readonly rolled: readonly RolledSecret[];
}

/** All secrets in use at a moment in Unix seconds of simulator time, the newest first. */
export const activeSecrets = ({ secret, rolled }: SigningSecrets, now: number): string[] =>
  rolled.length === 0
    ? [secret]
    : [secret, ...rolled.filter(({ until }) => until > now).map((old) => old.secret)];

/** Replaces the secret; the old one stays in use for `overlapSeconds`. */
export function rollSecret(
  secrets: SigningSecrets,
  next: string,
  moment: { readonly now: number; readonly overlapSeconds: number },
): SigningSecrets {
  const { now, overlapSeconds } = moment;
  const old = { secret: secrets.secret, until: now + overlapSeconds };
  const rolled = [old, ...secrets.rolled].filter(({ until }) => until > now);
  return { secret: next, rolled };
}

/** The `Stripe-Signature` header of a body; `timestamp` in Unix seconds. */
export function signatureHeader(
  body: string,
  secrets: readonly string[],
  timestamp: number,
): string {
  const message = `${timestamp}.${body}`;
  const values = secrets.map((secret) => `,v1=${hmac(secret, message)}`).join('');
  // Test mode adds a value of a scheme that receivers must ignore; what it is made of is nobody's business.
  return `t=${timestamp}${values},v0=${hmac('v0', `${timestamp}`)}`;
}

const hmac = (key: string, message: string): string =>
  createHmac('sha256', key).update(message).digest('hex');

export const realSeconds = (): number => Math.floor(Date.now() / 1000);

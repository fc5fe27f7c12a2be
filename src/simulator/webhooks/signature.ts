/** Stripe's webhook signature. It always uses real time, because receivers check its age against their own clock. */
import { createHmac } from 'node:crypto';

/** The `Stripe-Signature` header of a body; `timestamp` in Unix seconds. */
export function signatureHeader(body: string, secret: string, timestamp: number): string {
  const digest = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return `t=${timestamp},v1=${digest}`;
}

export const realSeconds = (): number => Math.floor(Date.now() / 1000);

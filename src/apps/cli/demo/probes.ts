/** Tries from outside what should make no difference: requests sent again, and input that is wrong. */
import Stripe from 'stripe';
import { IssuingApiError } from '../../../client/index.ts';
import { AUTHORIZATION_PATH, type DemoProgram } from './program.ts';

/** Requests sent again; each takes a few milliseconds. */
const ASKED_AGAIN_MAX = 10;
const REQUEST_TYPE = 'issuing_authorization.request';

/** Sends real-time requests a second time and compares with what Stripe was told; null when there was none. */
export async function askAgain({ stripe, stack }: DemoProgram): Promise<boolean | null> {
  const { data } = await stripe.events.list({ type: REQUEST_TYPE, limit: ASKED_AGAIN_MAX });
  const answers = await Promise.all(
    data.map(async (event) => {
      const answer = await postSigned(
        `${stack.urls.authorizer}${AUTHORIZATION_PATH}`,
        event,
        stack.signingSecret,
      );
      const { metadata } = (await answer.json()) as { metadata: Record<string, string> };
      const { object } = event.data as { object: Stripe.Issuing.Authorization };
      const known = await stripe.issuing.authorizations.retrieve(object.id);
      return metadata[event.id] !== undefined && metadata[event.id] === known.metadata[event.id];
    }),
  );
  return answers.length === 0 ? null : answers.every(Boolean);
}

/** Sends a webhook and a request with wrong signatures, and a body with wrong fields; true when all are refused. */
export async function sendBadInput({ api, stack }: DemoProgram): Promise<boolean> {
  const event = { id: 'evt_forged', object: 'event', type: 'issuing_transaction.created' };
  const wrong = 'whsec_not_ours';
  const webhook = await postSigned(`${stack.urls.ingress}/webhooks/stripe`, event, wrong);
  const request = await postSigned(`${stack.urls.authorizer}${AUTHORIZATION_PATH}`, event, wrong);
  const body = { customerRef: 'demo-bad', currency: 'usd', creditLimitMinor: -1 };
  const account: unknown = await api.accounts.create(body).catch((error: unknown) => error);
  return (
    webhook.status === 400 &&
    request.status === 400 &&
    account instanceof IssuingApiError &&
    account.status === 400
  );
}

function postSigned(url: string, event: object, secret: string): Promise<Response> {
  const payload = JSON.stringify(event);
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret });
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
  return fetch(url, { method: 'POST', body: payload, headers });
}

/** Calls of the simulator from the page, as any client of Stripe would make them. */

const KEY = 'sk_test_page';
const PAGE_SIZE = 50;

/** A refused call; the message is Stripe's. */
class CallError extends Error {
  name = 'CallError';
}

/** Form parameters: nested objects become brackets; what is undefined or empty is left out. */
function encodeForm(params, parent = '', form = new URLSearchParams()) {
  for (const [key, value] of Object.entries(params)) {
    const name = parent === '' ? key : `${parent}[${key}]`;
    if (value === undefined || value === '') continue;
    if (typeof value === 'object') encodeForm(value, name, form);
    else form.append(name, String(value));
  }
  return form;
}

const headersFor = (account) => ({ authorization: `Bearer ${KEY}`, 'stripe-account': account });

/** Reads from an account. Rejects with a CallError, as all of these do. */
export const read = (path, account, params = {}) =>
  answerOf(fetch(`${path}?${encodeForm(params)}`, { headers: headersFor(account) }));

/** The newest objects of a list. */
export async function newest(path, account, params = {}) {
  const { data } = await read(path, account, { limit: PAGE_SIZE, ...params });
  return data;
}

/** Creates or changes something in an account; resolves to the object. */
export const write = (path, account, params) =>
  answerOf(fetch(path, { method: 'POST', headers: headersFor(account), body: encodeForm(params) }));

export const readControl = (path) => answerOf(fetch(path));

export const writeControl = (path, body) =>
  answerOf(fetch(path, { method: 'POST', body: JSON.stringify(body) }));

async function answerOf(request) {
  const response = await request.catch(() => {
    throw new CallError('The simulator did not answer.');
  });
  const answer = await response.json().catch(() => {
    throw new CallError('The answer was cut off.');
  });
  if (response.ok) return answer;
  throw new CallError(`${response.status}: ${answer.error?.message ?? 'unknown error'}`);
}

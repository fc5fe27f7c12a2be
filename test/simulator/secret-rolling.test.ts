import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decision, type Program, type Received, startProgram } from './program.ts';

let program: Program;
beforeEach(async () => {
  program = await startProgram({ clock: 'virtual' });
});
afterEach(() => program.close());

const signatureOf = (received: Received | undefined): string =>
  String(received?.headers['stripe-signature']);
const schemes = (received: Received | undefined): string[] =>
  signatureOf(received)
    .split(',')
    .map((part) => part.slice(0, part.indexOf('=')));

function accepts(received: Received | undefined, secret: string, header = signatureOf(received)) {
  try {
    program.stripe.webhooks.constructEvent(received?.raw ?? '', header, secret);
    return true;
  } catch {
    return false;
  }
}

async function nextEvent(): Promise<Received | undefined> {
  await program.cardholder();
  await program.simulator.settle();
  return program.receiver.received.at(-1);
}

describe('the secret of a webhook endpoint', () => {
  it('signs beside a new one until it expires, by the clock of the simulator', async () => {
    const { id, secret: old = '' } = await program.subscribe();
    const path = `/_sim/webhook_endpoints/${id}/roll_secret`;
    const rolled = await program.control('POST', path, { expires_in_seconds: 3_600 });
    const secret = String(rolled.secret);
    expect(secret).toMatch(/^whsec_\w{32}$/);
    expect(secret).not.toBe(old);
    const both = await nextEvent();
    expect(schemes(both)).toEqual(['t', 'v1', 'v1', 'v0']);
    expect([accepts(both, old), accepts(both, secret)]).toEqual([true, true]);
    await program.control('POST', '/_sim/clock/advance', { seconds: 3_600 });
    const one = await nextEvent();
    expect(schemes(one)).toEqual(['t', 'v1', 'v0']);
    expect([accepts(one, old), accepts(one, secret)]).toEqual([false, true]);
    expect(await program.stripe.webhookEndpoints.retrieve(id)).not.toHaveProperty('rolled');
  });

  it('is gone at once when it expires in 0 seconds, and stays a day when nothing is said', async () => {
    const { id, secret: first = '' } = await program.subscribe();
    const path = `/_sim/webhook_endpoints/${id}/roll_secret`;
    const { secret: second } = await program.control('POST', path, { expires_in_seconds: 0 });
    expect(accepts(await nextEvent(), first)).toBe(false);
    await program.control('POST', path);
    await program.control('POST', '/_sim/clock/advance', { seconds: 86_399 });
    expect(accepts(await nextEvent(), String(second))).toBe(true);
    await expect(program.control('POST', path, { expires_in_seconds: 86_401 })).rejects.toThrow(
      '400',
    );
    await expect(
      program.control('POST', '/_sim/webhook_endpoints/we_x/roll_secret', {}),
    ).rejects.toThrow('404');
  });

  it('is used anew for each attempt, on the same body', async () => {
    const { id, secret: old = '' } = await program.subscribe();
    program.receiver.respond = () => ({ status: 500 });
    await program.cardholder();
    await program.control('POST', '/_sim/clock/advance', { seconds: 0 });
    const path = `/_sim/webhook_endpoints/${id}/roll_secret`;
    const { secret } = await program.control('POST', path, { expires_in_seconds: 0 });
    program.receiver.respond = () => ({});
    await program.control('POST', '/_sim/clock/advance', { seconds: 1 });
    const [before, after] = program.receiver.received;
    expect(after?.raw).toBe(before?.raw);
    expect([accepts(before, old), accepts(after, String(secret))]).toEqual([true, true]);
  });
});

describe('the v0 value', () => {
  it('is no signature: nothing is accepted for it', async () => {
    const { secret = '' } = await program.subscribe();
    const received = await nextEvent();
    const header = signatureOf(received);
    expect(header).toMatch(/^t=\d+,v1=[0-9a-f]{64},v0=[0-9a-f]{64}$/);
    expect(accepts(received, secret, header.replace(/,v1=\w+/, ''))).toBe(false);
    const [, t, v0] = /^t=(\d+).*v0=(\w+)$/.exec(header) ?? [];
    const real = createHmac('sha256', secret).update(`${t}.${received?.raw}`).digest('hex');
    expect(v0).not.toBe(real);
  });
});

describe('the secret of a real-time endpoint', () => {
  it('is rolled in the same way, and a secret that is set replaces all of them', async () => {
    await program.decideWith((received) => decision(received, { approved: true }));
    const place = '/_sim/accounts/platform/realtime_endpoint';
    const { secret: old } = await program.control('PUT', place, { url: program.receiver.url });
    const { secret } = await program.control('POST', `${place}/roll_secret`, {
      expires_in_seconds: 60,
    });
    const card = await program.card();
    const ask = async () => {
      await program.stripe.testHelpers.issuing.authorizations.create({
        card: card.id,
        amount: 100,
      });
      return program.receiver.received.at(-1);
    };
    const both = await ask();
    expect([accepts(both, String(old)), accepts(both, String(secret))]).toEqual([true, true]);
    expect(await program.control('PUT', place, { url: program.receiver.url })).toMatchObject({
      url: program.receiver.url,
      secret,
    });
    expect(schemes(await ask())).toEqual(['t', 'v1', 'v1', 'v0']);
    await program.control('POST', '/_sim/clock/advance', { seconds: 60 });
    expect(accepts(await ask(), String(old))).toBe(false);
    await program.control('PUT', place, { url: program.receiver.url, secret: 'whsec_mine' });
    expect(schemes(await ask())).toEqual(['t', 'v1', 'v0']);
    await program.control('DELETE', place);
    await expect(program.control('POST', `${place}/roll_secret`)).rejects.toThrow('404');
  });
});

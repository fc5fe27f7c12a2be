import { expect, it } from 'vitest';
import { decision, startProgram } from './program.ts';

const NOTHING = {
  sent: 0,
  answered: {},
  timed_out: 0,
  failed: 0,
  retried: 0,
  dropped: 0,
  duplicated: 0,
  given_up: 0,
  pending: 0,
};

it('the audit counts what was sent and what became of it, by endpoint and event type', async () => {
  const program = await startProgram({ clock: 'virtual', retrySchedule: [60, 60] });
  try {
    const endpoint = await program.subscribe();
    const gone = await program.subscribe({ enabled_events: ['issuing_card.created'] });
    const idle = await program.subscribe({ enabled_events: ['issuing_dispute.created'] });
    await program.decideWith((received) => decision(received, { approved: true }));
    const card = await program.card();
    await program.stripe.testHelpers.issuing.authorizations.create({ card: card.id, amount: 100 });
    await program.simulator.settle();
    await program.stripe.webhookEndpoints.del(gone.id);
    program.receiver.respond = () => ({ status: 404 });
    await program.cardholder();
    await program.control('POST', '/_sim/clock/advance', { seconds: 60 });

    const failing = { sent: 2, answered: { '4xx': 2 }, retried: 1, pending: 1 };
    const once = { ...NOTHING, sent: 1, answered: { '2xx': 1 } };
    expect(await program.control('GET', '/_sim/audit')).toEqual({
      events: {
        made: 5,
        types: {
          'issuing_authorization.created': 1,
          'issuing_authorization.request': 1,
          'issuing_card.created': 1,
          'issuing_cardholder.created': 2,
        },
      },
      total: { ...NOTHING, sent: 6, answered: { '2xx': 4, '4xx': 2 }, retried: 1, pending: 1 },
      endpoints: [
        {
          id: endpoint.id,
          account: program.simulator.platformAccount,
          url: program.receiver.url,
          status: 'enabled',
          ...NOTHING,
          sent: 5,
          answered: { '2xx': 3, '4xx': 2 },
          retried: 1,
          pending: 1,
          types: {
            'issuing_authorization.created': once,
            'issuing_card.created': once,
            'issuing_cardholder.created': {
              ...NOTHING,
              ...failing,
              sent: 3,
              answered: { '2xx': 1, '4xx': 2 },
            },
          },
        },
        {
          id: idle.id,
          account: program.simulator.platformAccount,
          url: program.receiver.url,
          status: 'enabled',
          ...NOTHING,
          types: {},
        },
        {
          id: gone.id,
          account: null,
          url: null,
          status: 'deleted',
          ...once,
          types: { 'issuing_card.created': once },
        },
      ],
      realtime_endpoints: [
        {
          account: program.simulator.platformAccount,
          url: program.receiver.url,
          ...once,
          types: { 'issuing_authorization.request': once },
        },
      ],
    });
  } finally {
    await program.close();
  }
});

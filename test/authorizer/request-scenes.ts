/** Request events as Stripe sends them, one of each kind, recorded from the simulator. */
import type { Json } from '../../src/adapters/stripe/wire.ts';
import { decision, startProgram } from '../simulator/program.ts';

export interface Scenes {
  readonly stripeCardId: string;
  readonly events: Readonly<Record<Scene, Json>>;
}

export const SCENES = [
  'plain',
  'controllable',
  'cashback',
  'fuel',
  'foreign',
  'account check',
  'increment',
] as const;
export type Scene = (typeof SCENES)[number];

const BAKERY = { category: 'bakeries', name: 'Bread', network_id: '1234567890', country: 'US' };
const PURCHASES: Readonly<Record<Exclude<Scene, 'increment'>, object>> = {
  plain: {},
  controllable: { is_amount_controllable: true },
  cashback: { is_amount_controllable: true, amount_details: { cashback_amount: 700 } },
  fuel: { amount: 100, merchant_data: { ...BAKERY, category: 'automated_fuel_dispensers' } },
  foreign: { merchant_amount: 900, merchant_currency: 'eur' },
  'account check': { amount: 0 },
};

export async function recordScenes(): Promise<Scenes> {
  const program = await startProgram({ clock: 'virtual' });
  try {
    let last: Json = {};
    await program.decideWith((received) => {
      last = JSON.parse(received.raw) as Json;
      return decision(received, { approved: true });
    });
    const card = await program.card();
    const { authorizations } = program.stripe.testHelpers.issuing;
    const events: Partial<Record<Scene, Json>> = {};
    for (const scene of SCENES) {
      const params = scene === 'increment' ? {} : PURCHASES[scene];
      const { id } = await authorizations.create({
        card: card.id,
        amount: 1_000,
        merchant_data: BAKERY,
        ...params,
      });
      if (scene === 'increment') await authorizations.increment(id, { increment_amount: 800 });
      events[scene] = last;
    }
    return { stripeCardId: card.id, events: events as Record<Scene, Json> };
  } finally {
    await program.close();
  }
}

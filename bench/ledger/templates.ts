/** Events as the simulator renders them, taken as patterns for those of the stream: so their size is realistic. */
import { createStripe } from '../../src/adapters/stripe/client.ts';
import type { Json } from '../../src/adapters/stripe/wire.ts';
import { createSimulator } from '../../src/simulator/index.ts';

export interface Templates {
  /** The event `issuing_authorization.created`; its object without transactions. */
  readonly authorization: Json;
  /** The event `issuing_transaction.created`. */
  readonly transaction: Json;
}

export async function captureTemplates(): Promise<Templates> {
  const simulator = createSimulator();
  const apiBase = await simulator.listen();
  try {
    const stripe = createStripe({ secretKey: 'sk_test_bench', apiBase });
    const address = {
      line1: '510 Townsend St',
      city: 'San Francisco',
      postal_code: '94103',
      country: 'US',
    };
    const cardholder = await stripe.issuing.cardholders.create({
      name: 'Jenny Rosen',
      billing: { address },
    });
    const card = await stripe.issuing.cards.create({
      cardholder: cardholder.id,
      currency: 'usd',
      type: 'virtual',
      status: 'active',
    });
    const { id } = await stripe.testHelpers.issuing.authorizations.create({
      card: card.id,
      amount: 100,
    });
    await stripe.testHelpers.issuing.authorizations.capture(id);
    const eventOf = async (type: string): Promise<Json> => {
      const [event] = (await stripe.events.list({ type })).data;
      if (event === undefined) throw new Error(`the simulator made no ${type}`);
      // Through JSON: the client's wrapper types become what a webhook would have carried.
      return JSON.parse(JSON.stringify(event)) as Json;
    };
    return {
      authorization: await eventOf('issuing_authorization.created'),
      transaction: await eventOf('issuing_transaction.created'),
    };
  } finally {
    await simulator.close();
  }
}

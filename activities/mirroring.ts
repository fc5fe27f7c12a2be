/** What Stripe has to follow after it has changed here: the card's spending controls, and the holder's profile. */
import type { CardFact, Mirrored } from '../src/domain/card-facts.ts';
import {
  type ActivityPorts,
  type CardArgument,
  holderOf,
  orderOf,
  type StripeCardArgument,
} from './ports.ts';
import { sendProfile } from './ready-cardholder.ts';
import { changeRefused } from './refusal-fact.ts';

/** Stripe keeps the name under which it has made the holder. */
const NAME_FIXED = 'name_fixed';

const done = (what: Mirrored, version: number, refusal: string | null): CardFact => ({
  kind: 'mirror_done',
  what,
  version,
  refusal,
});

export const createMirrorActivities = (ports: ActivityPorts) => ({
  /** Our controls are in force already; Stripe's copy declines the same without asking us. */
  async mirrorControls({ cardId, stripeCardId }: StripeCardArgument): Promise<CardFact> {
    const { tenant, controls, controlsVersion } = await orderOf(ports, cardId);
    const answer = await ports.issuer.setSpendingControls(tenant, stripeCardId, controls);
    const refusal = answer.kind === 'refused' ? changeRefused(answer) : null;
    return done('controls', controlsVersion, refusal);
  },

  /** Every card of the holder asks for it; the first one sends the profile. */
  async updateCardholder({ cardId }: CardArgument): Promise<CardFact> {
    const holder = await holderOf(ports, cardId);
    const { stripeCardholderId: id, profileVersion, profile } = holder;
    // A holder that Stripe does not have yet is made with the profile of that moment.
    const answer = id === null ? undefined : await sendProfile(ports, holder, id);
    if (answer === undefined) return done('holder', profileVersion, null);
    if (answer.kind === 'refused') return done('holder', profileVersion, changeRefused(answer));
    const refusal = answer.object.name === profile.name ? null : NAME_FIXED;
    return done('holder', profileVersion, refusal);
  },
});

/** A cardholder at Stripe with the profile that we have, or the reason why no card can be made for him. */
import { parseStripeCardholderId, type StripeCardholderId } from '../src/domain/ids.ts';
import { holderVerdict, refusalVerdict, type Verdict } from '../src/domain/stripe-refusals.ts';
import type { ChangeAnswer } from '../src/ports/card-issuer.ts';
import type { Holder } from '../src/ports/holder-store.ts';
import { type IssuedCardholder, IssuerUnavailableError } from '../src/ports/issuer.ts';
import { type Creation, createOnce } from './create-once.ts';
import type { ActivityPorts } from './ports.ts';

type Ready =
  | { readonly kind: 'ready'; readonly id: StripeCardholderId }
  | { readonly kind: 'stopped'; readonly verdict: Verdict };

/** Stripe's answer to a read, where there was one; undefined while nothing speaks against the holder. */
type Found =
  | { readonly kind: 'found'; readonly holder: Holder; readonly shown?: IssuedCardholder }
  | { readonly kind: 'stopped'; readonly verdict: Verdict };

const stopped = (verdict: Verdict) => ({ kind: 'stopped', verdict }) as const;

export async function readyCardholder(ports: ActivityPorts, holder: Holder): Promise<Ready> {
  const found = await findOrMake(ports, holder);
  if (found.kind === 'stopped') return found;
  const { stripeCardholderId: id } = found.holder;
  // The row was written a moment ago, and Stripe's id never leaves it.
  if (id === null) throw new Error(`${holder.cardholderId} has lost its cardholder at Stripe`);
  const sent = await sendProfile(ports, found.holder, id);
  if (sent?.kind === 'refused') return stopped(refusalVerdict(sent));
  const problem = (sent?.object ?? found.shown)?.problem ?? null;
  return problem === null ? { kind: 'ready', id } : stopped(holderVerdict(problem));
}

/** One cardholder at Stripe for each holder; the id stored first is the one that counts. */
async function findOrMake(ports: ActivityPorts, holder: Holder): Promise<Found> {
  const { stripeCardholderId: known, cardholderId } = holder;
  if (known !== null) {
    if (holder.stripeProblem === null) return { kind: 'found', holder };
    // Events may be late in both directions: what they told is looked up before it stops a card.
    const shown = await ports.issuer.readCardholder(holder.tenant, known);
    if (shown !== undefined) return { kind: 'found', holder, shown };
    return stopped({ kind: 'ask', reason: 'cardholder_unknown_at_stripe' });
  }
  const created = await createOnce(ports, cardholderFor(ports, holder));
  if (created.kind === 'refused') return stopped(refusalVerdict(created));
  const { made: shown } = created;
  const { stripeCardholderId: id, profileVersion } = shown;
  const stored = await ports.holders.recordStripeCardholder(cardholderId, { id, profileVersion });
  return { kind: 'found', holder: stored, shown };
}

/**
 * Sends the profile until Stripe has the newest. Cards of one holder do so beside one another, and an older profile may
 * come to Stripe after a newer one; then the row shows the older one, and the newer is sent once more. The key derives
 * from both versions: a repeat meets its first answer, and what is sent once more does not.
 */
export async function sendProfile(
  { issuer, holders }: ActivityPorts,
  holder: Holder,
  id: StripeCardholderId,
): Promise<ChangeAnswer<IssuedCardholder> | undefined> {
  const { cardholderId } = holder;
  let current = holder;
  let answer: ChangeAnswer<IssuedCardholder> | undefined;
  while (current.stripeProfileVersion < current.profileVersion) {
    const { profileVersion: sent, stripeProfileVersion: known } = current;
    const key = `${cardholderId}/profile/${sent}/over/${known}`;
    try {
      answer = await issuer.updateCardholder(current, id, key);
    } catch (error) {
      if (error instanceof IssuerUnavailableError)
        await holders.doubtProfileSent(cardholderId, sent);
      throw error;
    }
    if (answer.kind === 'refused') return answer;
    current = await holders.recordProfileSent(cardholderId, sent);
  }
  return answer;
}

function cardholderFor({ issuer }: ActivityPorts, holder: Holder): Creation<IssuedCardholder> {
  const { tenant, cardholderId } = holder;
  return {
    tenantId: tenant.tenantId,
    subjectId: cardholderId,
    step: 'create_cardholder',
    draft: (attempt) => issuer.draftCardholder(holder, attempt),
    send: (request, key) => issuer.sendCardholder(tenant, request, key),
    find: ({ request, startedAtMs }) =>
      issuer.findCardholder(tenant, { cardholderId, request, createdSinceMs: startedAtMs }),
    reuse: (resultId) => issuer.readCardholder(tenant, parseStripeCardholderId(resultId)),
    idOf: ({ stripeCardholderId }) => stripeCardholderId,
  };
}

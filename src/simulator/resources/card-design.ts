/** Which personalization design a card is printed with, and what happens to cards whose design is rejected. */
import { invalidRequest, missingParameter, unknownReference } from '../http/failure.ts';
import type { CardRow } from '../machines/card.ts';
import { type DesignRow, isUsable } from '../machines/personalization-design.ts';
import type { Scope } from '../world/kind.ts';
import { BUNDLE, DESIGN } from '../world/kinds/personalization.ts';
import { cancelWithTokens } from './card-cancellation.ts';

interface Printed {
  readonly type: CardRow['type'];
  readonly second_line: string | null | undefined;
  /** Undefined takes the default. */
  readonly personalization_design: string | undefined;
}

/** The id of the design that a new card gets. Throws a 400 when it cannot be printed with the one that is named. */
export function designForCard(scope: Scope, card: Printed): string | null {
  const { personalization_design: id } = card;
  const design = id === undefined ? defaultDesign(scope, card) : usableDesign(scope, id);
  if (design === undefined) return null;
  if (card.type === 'virtual') {
    throw invalidRequest('You cannot specify a personalization_design for virtual cards.', {
      param: 'personalization_design',
    });
  }
  checkSecondLine(scope, design, card.second_line ?? null);
  return design.id;
}

/** The design that a stored card gets instead of its own. What has been printed cannot change any more. */
export function changedDesign(scope: Scope, card: CardRow, id: string | undefined): string | null {
  if (id === undefined || id === card.personalization_design) return card.personalization_design;
  if (card.type === 'physical' && card.shipping?.status !== 'pending') {
    throw invalidRequest('You can only change personalization_design while shipping is pending.', {
      param: 'personalization_design',
    });
  }
  return designForCard(scope, { ...card, personalization_design: id });
}

const findDesign = ({ account, world }: Scope, id: string): DesignRow | undefined =>
  account.designs.get(id) ?? world.platform.designs.get(id);

function usableDesign(scope: Scope, id: string): DesignRow {
  const design = findDesign(scope, id);
  if (design === undefined) throw unknownReference(DESIGN.label, id, 'personalization_design');
  if (isUsable(design, scope.account.settings.designInReview)) return design;
  throw invalidRequest(
    `Personalization design ${id} has the status ${design.status}; a card needs an active one.`,
    { param: 'personalization_design' },
  );
}

/** The account's own default, else the platform's. One that cannot be used now is passed over. */
function defaultDesign({ account, world }: Scope, card: Printed): DesignRow | undefined {
  if (card.type === 'virtual') return undefined;
  return [account, world.platform]
    .flatMap((owner) => owner.designs.all())
    .find((design) => design.is_default && isUsable(design, account.settings.designInReview));
}

function checkSecondLine(scope: Scope, design: DesignRow, secondLine: string | null): void {
  const feature = BUNDLE.table(scope.account).get(design.physical_bundle)?.features.second_line;
  if (feature === 'required' && secondLine === null) throw missingParameter('second_line');
  if (feature === 'unsupported' && secondLine !== null) {
    throw invalidRequest(`The physical bundle of ${design.id} does not support a second line.`, {
      param: 'second_line',
    });
  }
}

/** Cards that are not printed yet are cancelled. A design of the platform may be on cards of other accounts. */
export function cancelRejectedCards(scope: Scope, design: string): void {
  const accounts = scope.account.isPlatform ? scope.world.accounts.values() : [scope.account];
  for (const account of accounts) {
    for (const card of account.cards.all()) {
      const affected = card.personalization_design === design && card.status !== 'canceled';
      if (!affected || card.shipping?.status !== 'pending') continue;
      cancelWithTokens({ ...scope, account }, card, 'design_rejected');
    }
  }
}

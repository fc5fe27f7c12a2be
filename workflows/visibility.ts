/** What people see of a card in Temporal: its search attributes and its details page. */

import { defineSearchAttributeKey, type SearchAttributeUpdatePair } from '@temporalio/common';
import { log, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { attentionOf } from '../src/domain/card-attention.ts';
import type { LoadedCard } from '../src/domain/card-contract.ts';
import { stripeCardIdOf } from '../src/domain/card-phase.ts';
import type { CardRecord } from './card-record.ts';
import { detailsPage } from './details-page.ts';

const KEYS = {
  phase: defineSearchAttributeKey('CardPhase', 'KEYWORD'),
  tenant: defineSearchAttributeKey('CardTenant', 'KEYWORD'),
  cardholder: defineSearchAttributeKey('CardholderId', 'KEYWORD'),
  stripeCard: defineSearchAttributeKey('StripeCardId', 'KEYWORD'),
  attention: defineSearchAttributeKey('NeedsAttention', 'BOOL'),
} as const;

export interface Visibility {
  /** Upserts the attributes that differ from what is shown; each upsert is a billed action, so most calls do nothing. */
  show(record: CardRecord): void;
}

export function createVisibility(loaded: LoadedCard): Visibility {
  // Attributes outlive continue-as-new, so a new run starts from what is shown already.
  const shown = new Map<string, unknown>(
    workflowInfo()
      .typedSearchAttributes.getAll()
      .map(({ key, value }) => [key.name, value]),
  );

  function upsertChanged(record: CardRecord): void {
    const stripeCardId = stripeCardIdOf(record.state);
    const wanted: SearchAttributeUpdatePair[] = [
      { key: KEYS.phase, value: record.state.phase },
      { key: KEYS.tenant, value: loaded.tenantId },
      { key: KEYS.cardholder, value: loaded.cardholderId },
      { key: KEYS.attention, value: attentionOf(record.state) !== null },
      // Between two parcels there is no current card; the last one stays searchable until the next.
      ...(stripeCardId === null ? [] : [{ key: KEYS.stripeCard, value: stripeCardId } as const]),
    ];
    const changed = wanted.filter(({ key, value }) => shown.get(key.name) !== value);
    if (changed.length === 0) return;
    upsertSearchAttributes(changed);
    for (const { key, value } of changed) shown.set(key.name, value);
  }

  return {
    show(record) {
      upsertChanged(record);
      showPage(loaded, record);
    },
  };
}

/** A page that cannot be written must not keep the card from going on. */
function showPage(loaded: LoadedCard, record: CardRecord): void {
  try {
    setCurrentDetails(
      detailsPage({
        tenantId: loaded.tenantId,
        cardholderId: loaded.cardholderId,
        state: record.state,
        phaseSinceMs: record.phaseSinceMs,
        revision: record.savedRevision,
        history: record.history,
        unusable: record.unusable,
      }),
    );
  } catch (error) {
    log.error('the details page could not be written', { error: String(error).slice(0, 200) });
  }
}

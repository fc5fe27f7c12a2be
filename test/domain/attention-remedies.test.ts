import { expect, it } from 'vitest';
import { API_SCOPES, allows } from '../../src/domain/api-scopes.ts';
import { ATTENTION_KINDS, followsState, remedyOf } from '../../src/domain/attention-remedies.ts';
import { LIFECYCLE_ATTENTION_KINDS } from '../../src/domain/card-attention.ts';
import { projectText } from '../support/project-files.ts';

it('what follows the state of a card or a holder is not for a person to close', () => {
  const follow = ATTENTION_KINDS.filter(followsState);
  expect(follow).toEqual([...LIFECYCLE_ATTENTION_KINDS, 'fraud_warning', 'kyc_review']);
  expect(followsState('forced_capture')).toBe(false);
  expect(followsState('toString')).toBe(false);
});

it('every kind of the ledger has words of its own, and one that nobody knows has some', () => {
  const ledger = projectText('docs/ledger.md') ?? '';
  const [, section = ''] = ledger.split('## Flags and attention items');
  const [items = ''] = section.split('\n## ');
  const kinds = [...items.matchAll(/^\| `(\w+)`/gm)].flatMap(([, kind]) => kind ?? []);
  expect(kinds.length).toBeGreaterThan(10);
  expect(kinds.filter((kind) => !ATTENTION_KINDS.includes(kind))).toEqual([]);
  expect(remedyOf('new_kind')).toBe('Look into it, and resolve it with what was done.');
  expect(remedyOf('kyc_failed')).toContain('`retry-kyc`');
});

it('each scope allows itself and what comes before it', () => {
  const table = API_SCOPES.map((held) => API_SCOPES.filter((needed) => allows(held, needed)));
  expect(table).toEqual([['read'], ['read', 'operate'], ['read', 'operate', 'admin']]);
});

/** Every type of Stripe's events that is about Issuing, Identity or Reporting has its place here. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  COMPLETENESS_EVENT_TYPES,
  EVENT_HANDLING,
  handlingOf,
} from '../../src/domain/event-types.ts';

/** What the installed library can name when it makes an endpoint. */
const TYPINGS = 'node_modules/stripe/esm/resources/WebhookEndpoints.d.ts';
/** Not in the library: only accounts with a BIN of their own have them. */
const RESTRICTED = [
  'issuing_dispute_settlement_detail.created',
  'issuing_dispute_settlement_detail.updated',
  'issuing_settlement.created',
  'issuing_settlement.updated',
];
/** Types that one list call of Stripe's can name. */
const TYPES_PER_CALL_MAX = 20;

const known = [
  ...new Set(
    [
      ...readFileSync(TYPINGS, 'utf8').matchAll(
        /'((?:issuing|identity|reporting)[a-z_]*\.[\w.]+)'/g,
      ),
    ].map(([, type]) => type ?? ''),
  ),
].toSorted();

describe('the types of events', () => {
  test('are those that the library knows, and the restricted ones', () => {
    expect(known.length).toBeGreaterThan(TYPES_PER_CALL_MAX);
    expect(Object.keys(EVENT_HANDLING)).toEqual([...known, ...RESTRICTED].toSorted());
  });

  test('that nobody has listed are ignored with their name', () => {
    expect(handlingOf('charge.captured')).toEqual({
      handling: 'ignored',
      reason: 'type charge.captured is not used',
    });
    expect(handlingOf('constructor').handling).toBe('ignored');
  });

  test('of the report of completeness are all of Issuing and Identity but the real-time request', () => {
    expect(COMPLETENESS_EVENT_TYPES).toEqual(
      known.filter(
        (type) => !type.startsWith('reporting.') && type !== 'issuing_authorization.request',
      ),
    );
  });
});

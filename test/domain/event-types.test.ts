/** Every type of Stripe's events that is about Issuing, Identity or Reporting has its place here. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import {
  COMPLETENESS_EVENT_TYPES,
  COMPLETENESS_SET,
  EVENT_HANDLING,
  type EventHandling,
  reasonToIgnore,
} from '../../src/domain/event-types.ts';
import { projectText } from '../support/project-files.ts';

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

const listed = [
  ...new Set(
    [
      ...readFileSync(TYPINGS, 'utf8').matchAll(
        /'((?:issuing|identity|reporting)[a-z_]*\.[\w.]+)'/g,
      ),
    ].map(([, type]) => type ?? ''),
  ),
].toSorted();

/** The table of the page under its heading: type, who reads it, what follows. */
const tableOf = (page: string): readonly (readonly string[])[] =>
  (page.split('\n## What each type does\n')[1] ?? '')
    .split('\n## ')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    ) ?? [];

const rowOf = ([type, known]: readonly [string, EventHandling]): readonly string[] => [
  `\`${type}\``,
  known.handling === 'ignored' ? 'ignored' : known.reader,
  known.handling === 'applied' ? known.effect : known.reason,
];

/** What the relay makes of an event whose object tells nothing. */
function readingOf(type: string): unknown {
  try {
    return interpretEvent(type, { created: 1, data: { object: {} } });
  } catch {
    return 'read';
  }
}

describe('the types of events', () => {
  test('are told in docs/webhooks.md as the code has them', () => {
    const page = projectText('docs/webhooks.md') ?? '';
    expect(tableOf(page)).toEqual(Object.entries(EVENT_HANDLING).map(rowOf));
  });

  test.each(Object.entries(EVENT_HANDLING))('%s is read, or ignored as it says', (type, known) => {
    expect(readingOf(type)).toEqual(
      known.handling === 'applied' ? 'read' : { kind: 'ignored', reason: known.reason },
    );
  });

  test('are those that the library knows, and the restricted ones', () => {
    expect(listed.length).toBeGreaterThan(TYPES_PER_CALL_MAX);
    expect(Object.keys(EVENT_HANDLING)).toEqual([...listed, ...RESTRICTED].toSorted());
  });

  test('that nobody has listed are ignored with their name', () => {
    expect(reasonToIgnore('charge.captured')).toBe('type charge.captured is not used');
    expect(reasonToIgnore('constructor')).toBe('type constructor is not used');
    expect(reasonToIgnore('issuing_settlement.created')).toContain('settlements');
  });

  test('that a report compares have a name of their own: other types need another name', () => {
    expect([COMPLETENESS_SET, COMPLETENESS_EVENT_TYPES.length]).toEqual(['issuing-2026-11', 27]);
  });

  test('of the report of completeness are all of Issuing and Identity but the real-time request', () => {
    expect(COMPLETENESS_EVENT_TYPES).toEqual(
      listed.filter(
        (type) => !type.startsWith('reporting.') && type !== 'issuing_authorization.request',
      ),
    );
  });
});

/** The recordings together walk every way that a card can take: a new one without a recording fails here by its name. */
import { expect, test } from 'vitest';
import type { CardCommandName } from '../../src/domain/card-contract.ts';
import { FACTS_SIGNAL, UPGRADE_SIGNAL } from '../../src/domain/card-contract.ts';
import type { CardFactKind } from '../../src/domain/card-facts.ts';
import type { CardAction } from '../../src/domain/card-plan.ts';
import { CARD_EDGES } from '../../src/domain/card-state.ts';
import { FACT_KINDS } from '../../src/domain/fact-shape.ts';
import { CARD_STATE_NAMES, CARD_STATES } from '../support/card-states.ts';
import { COMMAND_NAMES, deadlineOf } from '../support/card-tables.ts';
import { parseHistory, recordingNames, recordingText } from './history-files.ts';
import { type RecordedRun, readRun } from './recorded-run.ts';

const runs = new Map<string, RecordedRun>();
for (const name of await recordingNames()) {
  runs.set(name, readRun(parseHistory(await recordingText(name))));
}

const recorded = (part: (run: RecordedRun) => readonly string[]): ReadonlySet<string> =>
  new Set([...runs.values()].flatMap(part));

const RECORD_IT =
  'Nothing is recorded of these: add them to test/replay/record-histories.ts, as "Changing the code" in docs/lifecycle.md shows.';

/** What no recording has, with what is to be done about it. */
function unrecorded(
  wanted: readonly string[],
  part: (run: RecordedRun) => readonly string[],
): readonly string[] {
  const found = recorded(part);
  const missing = wanted.filter((name) => !found.has(name));
  return missing.length === 0 ? [] : [...missing, RECORD_IT];
}

/** Every name of the type, or this does not compile. */
const ACTIONS = Object.keys({
  ensureVerification: true,
  readVerification: true,
  issueCard: true,
  cancelPreviousCard: true,
  activateCard: true,
  readCard: true,
  mirrorFreeze: true,
  mirrorControls: true,
  updateCardholder: true,
  renewCard: true,
  cancelAtStripe: true,
  checkSettled: true,
} satisfies Record<CardAction, true>);

/** The fact that each command is applied as. */
const COMMANDED = {
  decideKyc: 'kyc_decided',
  retryKyc: 'kyc_retry_requested',
  retryIssuance: 'issuance_retry_requested',
  correctShipping: 'shipping_corrected',
  confirmDelivery: 'delivery_confirmed',
  replace: 'replacement_requested',
  cancel: 'cancel_requested',
} as const satisfies Record<CardCommandName, CardFactKind>;

const edgeNames = CARD_EDGES.map(({ from, to }) => `${from} → ${to}`);

test('every change of phase is recorded', () => {
  expect(unrecorded(edgeNames, ({ edges }) => edges)).toEqual([]);
});

test.each([...runs.keys()])('%s makes only changes of phase that there are', (name) => {
  const edges = runs.get(name)?.edges ?? [];
  expect(edges.filter((edge) => !edgeNames.includes(edge))).toEqual([]);
});

test('every activity has given an answer in a recording', () => {
  expect(unrecorded(ACTIONS, ({ activities }) => activities)).toEqual([]);
});

test('every command is answered in a recording', () => {
  expect(unrecorded(COMMAND_NAMES, ({ updates }) => updates)).toEqual([]);
});

test('every wait comes to its end in a recording', () => {
  const waits = CARD_STATE_NAMES.map((state) => ({ state, fact: deadlineOf(state).fact }))
    .filter(({ fact }) => fact !== null)
    .map(({ state, fact }) => `${CARD_STATES[state](1_000_000).phase}: ${fact}`);
  // The last of several waits is in no state the soonest.
  const wanted = [...new Set(waits), 'kyc: kyc_deadline_passed'];
  expect(unrecorded(wanted, ({ deadlines }) => deadlines)).toEqual([]);
});

test('every kind of fact is heard in a recording', () => {
  // The workflow tells itself that a create call may be sent; that shows in no event.
  const wanted = FACT_KINDS.filter((kind) => kind !== 'issuing_started');
  const heard = ({ facts, deadlines, updates }: RecordedRun): readonly string[] => [
    ...facts,
    ...deadlines.map((wait) => wait.split(': ')[1] ?? wait),
    ...updates.map((update) => COMMANDED[update as CardCommandName]),
  ];
  expect(unrecorded(wanted, heard)).toEqual([]);
});

test('runs that end, that go on in another one, and that go on from one are recorded', () => {
  const all = [...runs.values()];
  expect(all.filter(({ ending }) => ending === 'other')).toEqual([]);
  expect(new Set(all.map(({ ending }) => ending))).toEqual(
    new Set(['open', 'completed', 'continued']),
  );
  expect(all.filter(({ continues }) => continues)).not.toEqual([]);
});

test('an upgrade and signals that nobody can use are recorded', () => {
  const known: readonly string[] = [FACTS_SIGNAL, UPGRADE_SIGNAL];
  const signals = recorded((run) => run.signals);
  expect([...signals]).toEqual(expect.arrayContaining([...known]));
  expect([...signals].filter((name) => !known.includes(name))).not.toEqual([]);
  const kinds: readonly string[] = FACT_KINDS;
  expect([...recorded(({ facts }) => facts)].filter((kind) => !kinds.includes(kind))).not.toEqual(
    [],
  );
});

/** The tables of docs/state-machines.md say what the code does. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LIFECYCLE_ATTENTION_KINDS } from '../../src/domain/card-attention.ts';
import { CARD_PHASES } from '../../src/domain/card-phase.ts';
import { CARD_STATE_NAMES, CARD_STATES } from '../support/card-states.ts';
import { commandTable, deadlineTable } from '../support/card-tables.ts';

const document = readFileSync(new URL('../../docs/state-machines.md', import.meta.url), 'utf8');

/** The document may be laid out with more blanks. */
const normal = (text: string): string => text.replaceAll(/ +/g, ' ');

test('every state with what it does, and every deadline', () => {
  expect(normal(document)).toContain(normal(deadlineTable().join('\n')));
});

test('every command in every state', () => {
  expect(normal(document)).toContain(normal(commandTable().join('\n')));
});

test('the states of the tables are of every phase', () => {
  const phases = CARD_STATE_NAMES.map((name) => CARD_STATES[name](1_000_000).phase);
  expect(new Set(phases)).toEqual(new Set(CARD_PHASES));
});

test('the kinds of attention items are told apart', () => {
  expect(new Set(LIFECYCLE_ATTENTION_KINDS).size).toBe(LIFECYCLE_ATTENTION_KINDS.length);
});

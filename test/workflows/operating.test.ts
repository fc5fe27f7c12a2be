/** Every query of docs/operating.md runs on a real server, and those about a state of a card find cards in it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cardWorkflowId } from '../../src/domain/card-contract.ts';
import { CARD_PHASES } from '../../src/domain/card-phase.ts';
import { eventually } from '../support/eventually.ts';
import { projectText } from '../support/project-files.ts';
import { type CardEnvironment, createRealEnvironment } from './card-environment.ts';

const text = projectText('docs/operating.md') ?? '';
const blocks = (language: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)\n\`\`\`$`, 'gm'))].flatMap(
    ([, body]) => body ?? [],
  );
const queries = blocks('visibility');
/** Queries inside of commands; what the shell fills in is filled in here. */
const inCommands = [...text.matchAll(/--query (["'])((?:\$\([^)]*\)|(?!\1)[^\n])*)\1/g)]
  .flatMap(([, , query]) => query ?? [])
  .filter((query) => query !== '…')
  .map((query) =>
    query.replaceAll(/\$\(date [^)]*\)/g, '2026-11-22T00:00:00Z').replaceAll('$phase', 'kyc'),
  );

let cards: CardEnvironment;

beforeAll(async () => {
  cards = await createRealEnvironment();
}, 60_000);
afterAll(() => cards.close());

async function found(query: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of cards.env.client.workflow.list({ query }))
    ids.push(workflowId);
  return ids;
}

/** The query of the document that has all of these words. */
function queryWith(...words: readonly string[]): string {
  const fitting = queries.filter((query) => words.every((word) => query.includes(word)));
  if (fitting[0] === undefined) throw new Error(`no query has ${words.join(', ')}`);
  return fitting[0];
}

describe('docs/operating.md', () => {
  test('has queries', () => {
    expect(queries.length).toBeGreaterThan(12);
    expect(inCommands.length).toBeGreaterThan(2);
  });

  test.each([...queries, ...inCommands])('%s is understood by the server', async (query) => {
    await expect(found(query)).resolves.toBeInstanceOf(Array);
    const { count } = await cards.env.client.workflow.count(query);
    expect(count).toBeGreaterThanOrEqual(0);
  });

  test.each(blocks('visibility count'))('%s is understood when counted', async (query) => {
    const { groups } = await cards.env.client.workflow.count(query);
    expect(groups).toBeInstanceOf(Array);
  });

  test('a query that is none is refused, so the tests above mean something', async () => {
    const refused = { cause: { details: expect.stringContaining('invalid query') } };
    await expect(found('CardPhase is issuance')).rejects.toMatchObject(refused);
    await expect(found('CardState = "issuance"')).rejects.toMatchObject(refused);
  });

  test('names phases that there are', () => {
    const named = [...text.matchAll(/CardPhase = ["'](\w+)["']/g)].flatMap(
      ([, name]) => name ?? [],
    );
    expect(named.length).toBeGreaterThan(5);
    expect(CARD_PHASES).toEqual(expect.arrayContaining(named));
  });

  test('finds a card that is blocked in issuance, and no longer once it goes on', async () => {
    const world = await cards.requestedCard('virtual');
    world.answers.issueCard = () => ({ kind: 'issuance_blocked', reason: 'past_due' });
    await cards.workflows.start(world.cardId);
    await cards.tell(world.cardId, { kind: 'identity_verified' });
    await world.saved((s) => s.phase === 'issuance' && s.step === 'blocked');
    const id = cardWorkflowId(world.cardId);
    const stuck = queryWith('"issuance"', 'NeedsAttention = true');
    await eventually(async () => (await found(stuck)).includes(id));
    const anywhere = queries[0] ?? '';
    expect(await found(anywhere)).toContain(id);
    await cards.abandon(world.cardId);
    await eventually(async () => !(await found(anywhere)).includes(id));
    const ended = queryWith('"Terminated"');
    await eventually(async () => (await found(ended)).includes(id));
  });
});

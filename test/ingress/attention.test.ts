/** Items that a person closes, those that nobody can, and the log of who did. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openAttention } from '../../src/adapters/postgres/attention.ts';
import { idFrom } from '../../src/domain/ids.ts';
import { type Answer, ingressUnderTest } from './ingress-under-test.ts';
import { platformTenant } from './program.ts';

const ingress = ingressUnderTest();
const BY = { reason: 'agreed with the customer', by: 'j.doe' };

async function openItem(kind: string): Promise<string> {
  const tenantId = await platformTenant(ingress);
  const subject = randomUUID();
  await openAttention(ingress.sql, { tenantId, kind, subject });
  const [row] = await ingress.sql<{ id: string }[]>`
    select item_id as id from attention_items where subject = ${subject}`;
  return row?.id ?? '';
}
const resolve = (id: string, body: object = BY): Promise<Answer> =>
  ingress.post(`/v1/attention/${id}/resolve`, body);
const logOf = async (subject: string) =>
  (await ingress.get(`/v1/audit-log?subject=${subject}`)).body.data ?? [];

describe('an item', () => {
  it('is closed with a reason and by whom, and that is in the audit log', async () => {
    const id = await openItem('forced_capture');
    const answer = await resolve(id);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      id,
      resolution: BY.reason,
      resolvedBy: BY.by,
      closedAt: expect.any(String),
      remedy: expect.stringContaining('dispute it'),
    });
    expect(await logOf(id)).toMatchObject([
      {
        actor: 'api-key:API_KEYS/1',
        action: 'attention.resolved',
        reason: BY.reason,
        details: { kind: 'forced_capture', by: BY.by },
        requestId: answer.headers['x-request-id'],
      },
    ]);
    const open = await ingress.get('/v1/attention?limit=100');
    expect(open.body.data?.map((item) => item.id)).not.toContain(id);
  });

  it('is closed once', async () => {
    const id = await openItem('message_unusable');
    await resolve(id);
    const again = await resolve(id, { reason: 'once more', by: 'other' });
    expect([again.status, again.body.error?.code]).toEqual([409, 'ATTENTION_CLOSED']);
    expect(again.body.error?.details).toMatchObject({ resolvedBy: BY.by });
    expect(await logOf(id)).toHaveLength(1);
  });

  it.each(['delivery_overdue', 'kyc_failed', 'fraud_warning', 'kyc_review'])(
    'of the kind %s is refused with what to do instead',
    async (kind) => {
      const id = await openItem(kind);
      const answer = await resolve(id);
      expect([answer.status, answer.body.error?.code]).toEqual([409, 'ATTENTION_FOLLOWS_STATE']);
      expect(answer.body.error?.details).toMatchObject({
        kind,
        remedy: expect.stringMatching(/`[a-z-]+`/),
      });
      expect(await logOf(id)).toEqual([]);
    },
  );

  it.each([
    ['no reason', { by: 'j.doe' }],
    ['an empty reason', { ...BY, reason: '' }],
    ['nobody', { reason: 'why' }],
    ['a field that there is not', { ...BY, force: true }],
  ])('is not closed with %s', async (_what, body) => {
    const id = await openItem('forced_capture');
    expect((await resolve(id, body)).status).toBe(400);
    const [row] = await ingress.sql`select closed_at from attention_items where item_id = ${id}`;
    expect(row).toEqual({ closed_at: null });
  });

  it.each(['att_none', 'nothing', idFrom('card', '1')])('is unknown for %s', async (id) => {
    const answer = await resolve(id);
    expect([answer.status, answer.body.error?.code]).toEqual([404, 'ATTENTION_NOT_FOUND']);
  });

  it('that is closed twice at the same moment is closed by one', async () => {
    const id = await openItem('forced_capture');
    const answers = await Promise.all([resolve(id), resolve(id), resolve(id)]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
    expect(await logOf(id)).toHaveLength(1);
  });
});

describe('the audit log', () => {
  it('comes page by page, and takes no cursor of another list', async () => {
    for (const kind of ['forced_capture', 'unlinked_refund', 'cleared_twice']) {
      await resolve(await openItem(kind));
    }
    const query = '/v1/audit-log?action=attention.resolved&limit=2';
    const first = await ingress.get(query);
    const second = await ingress.get(`${query}&after=${String(first.body['nextCursor'])}`);
    const ids = [...(first.body.data ?? []), ...(second.body.data ?? [])].map(({ id }) =>
      Number(id),
    );
    expect(ids).toEqual(ids.toSorted((a, b) => b - a));
    expect(new Set(ids).size).toBe(4);
    const wrong = await ingress.get('/v1/audit-log?after=att_1');
    expect(wrong.body.error?.code).toBe('CURSOR_INVALID');
    expect((await ingress.get('/v1/audit-log?actor=nobody')).body.data).toEqual([]);
  });

  it('cannot be changed by the processes', async () => {
    for (const statement of [
      "update audit_log set actor = 'nobody'",
      'delete from audit_log',
      'truncate audit_log',
      "insert into audit_log (audit_id, actor, action, subject) overriding system value values (1, 'a', 'b.c', 'd')",
    ]) {
      await expect(ingress.sql.unsafe(statement)).rejects.toThrow('permission denied');
    }
  });
});

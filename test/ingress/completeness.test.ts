/** `GET /v1/completeness`: the last comparison of each day, as the API shows it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createCompletenessStore } from '../../src/adapters/postgres/completeness-store.ts';
import { dayOf, spanOfDay } from '../../src/domain/completeness.ts';
import { parseTenantId, type TenantId } from '../../src/domain/ids.ts';
import { dayText } from '../../src/platform/day.ts';
import { ingressUnderTest } from './ingress-under-test.ts';
import { platformTenant } from './program.ts';

const ingress = ingressUnderTest();
const today = dayOf(Date.now() / 1000);
const yesterday = dayText(today - 1);
const SET = { count: 4, hash: 'a'.repeat(64) };

let tenantId: TenantId;
beforeAll(async () => {
  tenantId = parseTenantId(await platformTenant(ingress));
  const { sql } = ingress;
  await sql`
    insert into catch_ups (tenant_id, since_s, watermark_s)
    values (${tenantId}, ${spanOfDay(today - 3).fromS}, ${spanOfDay(today).fromS})`;
  await createCompletenessStore(sql).record(tenantId, {
    day: today - 1,
    typeSet: 'issuing-2026-11',
    span: spanOfDay(today - 1),
    wasOver: true,
    atStripe: SET,
    ours: SET,
    unknownCount: 0,
    unknown: [],
  });
});

describe('GET /v1/completeness', () => {
  it('shows a day with both sides', async () => {
    const { status, body } = await ingress.get(`/v1/completeness?day=${yesterday}`);
    expect(status).toBe(200);
    expect(body['data']).toMatchObject([
      {
        tenantId,
        day: yesterday,
        state: 'whole',
        compared: { atStripe: SET, ours: SET, from: `${yesterday}T00:00:00.000Z` },
        missing: [],
        filled: [],
        gap: null,
      },
    ]);
  });

  it('shows the days that are not whole, the newest first, page by page', async () => {
    const { body } = await ingress.get(`/v1/completeness?tenantId=${tenantId}&limit=1`);
    expect(body['data']).toMatchObject([{ day: dayText(today - 2), state: 'unchecked' }]);
    const cursor = encodeURIComponent(String(body['nextCursor']));
    const next = await ingress.get(`/v1/completeness?limit=1&after=${cursor}`);
    expect(next.body).toMatchObject({ data: [{ day: dayText(today - 3) }], nextCursor: null });
  });

  it('names a span that events cannot prove', async () => {
    const { fromS, toS } = spanOfDay(today - 3);
    await ingress.sql`
      insert into event_gaps (tenant_id, from_s, to_s) values (${tenantId}, ${fromS + 60}, ${toS})`;
    const { body } = await ingress.get(`/v1/completeness?day=${dayText(today - 3)}`);
    expect(body['data']).toMatchObject([{ state: 'unprovable', gap: { rereadAt: null } }]);
  });

  it('lists the days that left the list during an outage of 40 days', async () => {
    const { sql } = ingress;
    const { fromS } = spanOfDay(today - 40);
    await sql`update catch_ups set since_s = ${fromS} where tenant_id = ${tenantId}`;
    await sql`
      insert into event_gaps (tenant_id, from_s, to_s) values (${tenantId}, ${fromS}, ${spanOfDay(today - 35).toS})`;
    const { body } = await ingress.get(`/v1/completeness?tenantId=${tenantId}&limit=100`);
    const days = body['data'] as { day: string; state: string }[];
    const lost = days.filter(({ day }) => day < dayText(today - 30));
    expect(lost.filter(({ state }) => state === 'unprovable').at(-1)?.day).toBe(
      dayText(today - 40),
    );
  });

  it('refuses a day that does not exist, and a cursor of another list', async () => {
    const day = await ingress.get('/v1/completeness?day=2026-02-30');
    expect([day.status, day.body.error?.code]).toEqual([400, 'VALIDATION_FAILED']);
    const cursor = await ingress.get('/v1/completeness?after=card_1');
    expect([cursor.status, cursor.body.error?.code]).toEqual([400, 'CURSOR_INVALID']);
  });
});

/** What the relay measures, and that the alert rules ask for metrics that there are. */
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openAttention } from '../../src/adapters/postgres/attention.ts';
import { insertFact } from '../../src/adapters/postgres/fact-store.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createAuthorizerMetrics } from '../../src/apps/authorizer/authorizer-metrics.ts';
import { createWebhookCounter } from '../../src/apps/ingress/http-metrics.ts';
import { measureFigures } from '../../src/apps/relay/figures.ts';
import { createRelayMetrics } from '../../src/apps/relay/relay-metrics.ts';
import { countUnusable } from '../../src/apps/worker/worker-metrics.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { projectFiles, projectText } from '../support/project-files.ts';
import { authorization, event, store } from '../support/stripe-events.ts';
import { applyDue } from './relay-inbox.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}
const rules = (
  parse(projectText('docs/alerts.yml') ?? '') as {
    readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
  }
).groups.flatMap((group) => group.rules);

/** What the processes export before anything has happened. */
function exportedAtFirst() {
  const registry = createMetrics('test');
  createRelayMetrics(registry);
  createAuthorizerMetrics(registry);
  createWebhookCounter(registry);
  countUnusable(registry);
  return registry.getMetricsAsJSON();
}

interface Value {
  readonly name: string;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly value: number;
}

const exportedValues = async (): Promise<readonly Value[]> =>
  (await exportedAtFirst()).flatMap(({ name, values }) =>
    values.map(({ labels, value }) => ({ name, labels, value })),
  );

/** Names of everything that the processes export, histograms with their parts. */
async function exported(): Promise<ReadonlySet<string>> {
  const metrics = await exportedAtFirst();
  return new Set(metrics.flatMap(({ name }) => [name, `${name}_bucket`, `${name}_count`]));
}

describe('the alert rules', () => {
  it('ask for metrics that are exported', async () => {
    const names = await exported();
    const asked = rules.flatMap(
      ({ expr }) => expr.match(/\b(?:issuing|webhooks|process)_\w+/g) ?? [],
    );
    expect(asked.length).toBeGreaterThan(rules.length - 1);
    expect(asked.filter((name) => !names.has(name))).toEqual([]);
  });

  it('notice that a process is missing, by the name that its metrics bear', () => {
    const rule = rules.find(({ alert }) => alert === 'IssuingProcessMissing');
    const asked = [...(rule?.expr.matchAll(/absent\(\w+\{process="(\w+)"\}\)/g) ?? [])];
    const named = projectFiles().flatMap(({ path, text }) =>
      path.startsWith('src/apps/')
        ? [...text.matchAll(/createMetrics\('(\w+)'\)/g)].map(([, name]) => name)
        : [],
    );
    expect(new Set(asked.map(([, name]) => name))).toEqual(new Set(named));
  });

  it.each(rules.filter(({ expr }) => expr.includes('increase(')))(
    '$alert counts from 0, so that the first time is seen',
    async ({ expr }) => {
      const [, name = '', , label = '', value = ''] =
        /increase\((\w+)(\{(\w+)="(\w+)"\})?\[/.exec(expr) ?? [];
      const values = (await exportedValues()).filter((one) => one.name === name);
      const meant = values.filter(({ labels }) => label === '' || labels[label] === value);
      expect(meant).not.toEqual([]);
      expect(meant.every((one) => one.value === 0)).toBe(true);
    },
  );

  it.each(rules)('$alert says how bad it is, and the page says what to do', (rule) => {
    expect(['critical', 'warning', 'info']).toContain(rule.labels.severity);
    expect(rule.annotations.summary).not.toBe('');
    expect(projectText('docs/operating.md')).toContain(`| \`${rule.alert}\` |`);
  });
});

describe('the figures', () => {
  let database: TestDatabase;
  let sql: Sql;
  beforeAll(async () => {
    database = await createTestDatabase();
    sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-figures' });
  });
  afterAll(async () => {
    await sql.end();
    await database.drop();
  });

  async function measured(): Promise<string> {
    const registry = new Registry();
    const metrics = createRelayMetrics(registry);
    await measureFigures({ sql, metrics, clock: systemClock() }).catch(() => {});
    return registry.metrics();
  }

  it('show what waits, what is parked, what is open, and what is not known to be whole', async () => {
    const program = await createCardProgram(sql);
    const unknown = authorization({ id: 'iauth_parked', card: 'ic_nobody' });
    await store(sql, program.tenantId, [event('issuing_authorization.created', unknown)]);
    await applyDue(sql);
    await sql`
      insert into inbox (tenant_id, event_id, source, type, group_key, created, payload, received_at)
      values (${program.tenantId}, 'evt_waiting', 'webhook', 'issuing_card.updated', 'ic_waiting', 1, '{}',
        now() - interval '90 seconds')`;
    await sql.begin(async (tx) => {
      await insertFact(tx, program, { kind: 'purchase_seen' }, 'unsent');
      // Sent for the second time a moment ago; the others are too young, or worked off.
      await tx`
        insert into facts (tenant_id, card_id, kind, dedupe_key, created_at, signalled_at, closed_at)
        select ${program.tenantId}, ${program.cardId}, 'purchase_seen', key, now() - age, now(), closed
          from (values ('unanswered', interval '2 hours', null), ('young', interval '50 minutes', null),
                       ('answered', interval '2 hours', now())) f (key, age, closed)`;
      // Of the second nothing was heard for long, so that there is nothing left to be told.
      await tx`insert into card_leases (card_id, holder, until, failures)
        values (${program.cardId}, 'r', now(), 2), ('card_told_otherwise', 'r', now() - interval '10 minutes', 1)`;
      const item = { tenantId: program.tenantId, kind: 'design_unusable' };
      await openAttention(tx, { ...item, subject: 'ipcd_1' });
      await openAttention(tx, { ...item, subject: 'ipcd_2' });
      await tx`insert into event_gaps (tenant_id, from_s, to_s) values (${program.tenantId}, 1, 2), (${program.tenantId}, 3, 4)`;
      await tx`
        insert into catch_ups (tenant_id, since_s, watermark_s, finished_at)
        values (${program.tenantId}, 1, 1, now() - interval '42 seconds')`;
    });
    const text = await measured();
    for (const line of [
      'issuing_inbox_backlog 1',
      'issuing_inbox_parked 1',
      'issuing_facts_unsent 1',
      'issuing_facts_unanswered 1',
      'issuing_cards_unreachable 1',
      'issuing_attention_open{kind="design_unusable"} 2',
    ]) {
      expect(text).toContain(`\n${line}\n`);
    }
    expect(text).toMatch(/\nissuing_catch_up_age_seconds 4\d/);
    // The two spans, and the days since then that nobody has compared.
    expect(Number(/\nissuing_event_gaps (\d+)/.exec(text)?.[1])).toBeGreaterThan(2);
    expect(text).toMatch(/\nissuing_inbox_oldest_unapplied_seconds 9\d\./);
    expect(text).toMatch(/\nissuing_relay_figures_timestamp_seconds [1-9]/);
  });

  it('show a tenant whose list was never read, because its account refuses us', async () => {
    await sql`
      insert into tenants (tenant_id, name, stripe_account, created_at)
      values ('ten_refused', 'Refused', 'acct_refused', now() - interval '2 hours')`;
    expect(await measured()).toMatch(/\nissuing_catch_up_age_seconds 72\d\d/);
  });

  it('are not called measured when a part of them could not be', async () => {
    // The last test: nobody comes after it who needs the table.
    const owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-figures' });
    await owner`alter table event_gaps rename to event_gaps_away`;
    await owner.end();
    const text = await measured();
    expect(text).toContain('\nissuing_relay_figures_timestamp_seconds 0\n');
  });
});

/** Commands to accounts through the API, and everything that they could have written. */
import { randomUUID } from 'node:crypto';
import { beforeAll, expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { Answer, IngressUnderTest } from './ingress-under-test.ts';
import { platformTenant } from './program.ts';

interface WantedAccount {
  readonly fundsMinor?: number;
  readonly currency?: string;
  readonly creditLimitMinor?: number;
  /** The platform's by default. */
  readonly tenant?: string;
}

interface ExpectedRefusal {
  readonly status?: number;
  readonly code: string;
  readonly details?: object;
}

export interface AccountCommands {
  readonly newAccount: (wanted?: WantedAccount) => Promise<string>;
  readonly command: (id: string, name: string, body?: object, key?: string) => Promise<Answer>;
  readonly shown: (id: string) => Promise<Answer['body']>;
  readonly available: (id: string) => Promise<unknown>;
  readonly written: () => Promise<unknown>;
  /** Sends the command and checks that it is refused with the code and that nothing was written. */
  readonly refused: (
    id: string,
    name: string,
    body: object,
    answer: ExpectedRefusal,
  ) => Promise<void>;
  /** Makes the call while somebody else holds the account, and looks at what it has done once it waits. */
  readonly whileHeld: (
    accountId: string,
    call: () => Promise<Answer>,
    look: () => Promise<void>,
  ) => Promise<Answer>;
  /** Puts money on an account as the network would, which asks nobody; a negative amount takes it. */
  readonly network: (accountId: string, amountMinor: number, merchant?: string) => Promise<void>;
}

export function accountCommands(ingress: IngressUnderTest): AccountCommands {
  let tenantId = '';
  beforeAll(async () => {
    tenantId = await platformTenant(ingress);
  });

  const command: AccountCommands['command'] = (id, name, body = {}, key) =>
    ingress.post(`/v1/accounts/${id}/${name}`, body, key === undefined ? {} : { key });
  const shown = async (id: string) => (await ingress.get(`/v1/accounts/${id}`)).body;
  const written = async (): Promise<unknown> => {
    const [row] = await ingress.sql`
      select (select count(*) from journal_entries) as entries, (select count(*) from postings) as postings,
             (select count(*) from attention_items) as items,
             (select jsonb_agg(a order by account_id) from accounts a) as accounts`;
    return row;
  };
  return {
    command,
    shown,
    written,
    available: async (id) => (await shown(id))['availableMinor'],

    async newAccount({ fundsMinor = 0, currency = 'usd', creditLimitMinor = 0, tenant } = {}) {
      const made = await ingress.post('/v1/accounts', {
        tenantId: tenant ?? tenantId,
        customerRef: randomUUID(),
        currency,
        creditLimitMinor,
      });
      const id = String(made.body.id);
      if (fundsMinor > 0) await command(id, 'credits', { amountMinor: fundsMinor });
      return id;
    },

    async refused(id, name, body, { status = 409, code, details }) {
      const before = await written();
      const answer = await command(id, name, body);
      expect({ status: answer.status, code: answer.body.error?.code }).toEqual({ status, code });
      if (details !== undefined) expect(answer.body.error?.details).toEqual(details);
      expect(await written()).toEqual(before);
    },

    async whileHeld(accountId, call, look) {
      const { answer } = await ingress.sql.begin(async (tx) => {
        await tx`select 1 from accounts where account_id = ${accountId} for no key update`;
        // In an object, because a promise that a function returns would be waited for here.
        const under = { answer: call() };
        await eventually(async () => {
          const waiting = await ingress.sql`
            select 1 from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock'`;
          return waiting.length > 0;
        });
        await look();
        return under;
      });
      return answer;
    },

    async network(accountId, amountMinor, merchant = 'Shop') {
      const transactionId = `ipi_${randomUUID().replaceAll('-', '')}`;
      const [type, debit, credit] =
        amountMinor > 0
          ? ['refund', 'network_settlement', 'available']
          : ['capture', 'available', 'network_settlement'];
      await ingress.sql.begin(async (tx) => {
        await tx`
          insert into transactions (tenant_id, transaction_id, type, stripe_card_id, currency, amount_minor, merchant)
          select tenant_id, ${transactionId}, ${type}, 'ic_1', currency, ${Math.abs(amountMinor)},
                 jsonb_build_object('name', ${merchant}::text)
            from accounts where account_id = ${accountId}`;
        await tx`
          insert into journal_entries (tenant_id, currency, kind, account_id, transaction_id)
          select tenant_id, currency, ${type}, account_id, ${transactionId}
            from accounts where account_id = ${accountId}`;
        await tx`
          insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id)
          select entry_id, tenant_id, currency, ${debit}, ${credit}, ${Math.abs(amountMinor)}, account_id
            from journal_entries where transaction_id = ${transactionId}`;
      });
    },
  };
}

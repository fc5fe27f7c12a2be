/** Reads the arguments of `npm run completeness`. Pure: what is wrong comes back as a sentence. */
import { parseArgs } from 'node:util';
import { parseTenantId, type TenantId } from '../../../domain/ids.ts';
import { parseDay } from '../../../platform/day.ts';

export interface CompletenessArguments {
  /** Since 1970; null for all days that are over and not whole yet. */
  readonly day: number | null;
  /** Null for all. */
  readonly tenantId: TenantId | null;
  /** Whether what is missing is stored. */
  readonly isFilling: boolean;
}

export type CompletenessLine =
  | { readonly command: 'completeness'; readonly completeness: CompletenessArguments }
  | { readonly command: 'help' }
  | { readonly command: 'wrong'; readonly problem: string };

export const COMPLETENESS_USAGE = `  npm run completeness -- [--day DAY] [--tenant TENANT] [--no-fill]
      Lists Stripe's events of each day that is over and not proven yet, compares them with those in DATABASE_URL, or of a
      running \`npm start\`, and stores what is missing. Ends with 0 when all days are whole, or their objects were read
      again, 1 while a gap is open, 2 when Stripe or the database cannot be asked, or the day concerns no tenant.
      --day DAY        this day instead, over or not: 2026-11-23, UTC
      --tenant TENANT  this tenant alone
      --no-fill        says what is missing and stores nothing
`;

const TENANT_ID = /^ten_[A-Za-z0-9]{1,60}$/;

export function parseCompleteness(args: readonly string[]): CompletenessLine {
  let values: { day?: string; tenant?: string; 'no-fill'?: boolean; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        day: { type: 'string' },
        tenant: { type: 'string' },
        'no-fill': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    return wrong(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
  if (values.help) return { command: 'help' };
  const { tenant } = values;
  const day = values.day === undefined ? null : parseDay(values.day);
  if (day === undefined) return wrong(`--day is "${values.day}"; it must be a day, as 2026-11-23`);
  if (tenant !== undefined && !TENANT_ID.test(tenant)) {
    return wrong(`--tenant is "${tenant}"; it must be the id of a tenant, ten_...`);
  }
  return {
    command: 'completeness',
    completeness: {
      day,
      tenantId: tenant === undefined ? null : parseTenantId(tenant),
      isFilling: values['no-fill'] !== true,
    },
  };
}

const wrong = (problem: string): CompletenessLine => ({ command: 'wrong', problem });

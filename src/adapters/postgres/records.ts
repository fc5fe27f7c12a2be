/** The records of the card program, bound to a pool or to one transaction. */
import type { Records } from '../../ports/records.ts';
import { createAccountHistory } from './account-history-store.ts';
import { createAccountStore } from './account-store.ts';
import { createAttentionStore } from './attention-store.ts';
import { createAuditLog } from './audit-log-store.ts';
import { createAuthorizationStore } from './authorization-store.ts';
import { createCardCommandStore } from './card-command-store.ts';
import { createCardControls } from './card-controls.ts';
import { createCardDirectory } from './card-directory.ts';
import { createCardHistory } from './card-history-store.ts';
import { createCardReplacements } from './card-replacements.ts';
import { createCardholderStore } from './cardholder-store.ts';
import { pageOfDays } from './completeness-days.ts';
import { createEventStore } from './event-store.ts';
import { createKycVerdictStore } from './kyc-verdict-store.ts';
import type { Queryable } from './pool.ts';
import { createProgramFigures } from './program-figures.ts';
import { createDecisions } from './recorded-decisions.ts';
import { createSpendingControls } from './spending-controls.ts';
import { createTenantStore } from './tenant-store.ts';
import { createTransactionStore } from './transaction-store.ts';

export const createRecords = (sql: Queryable): Records => ({
  tenants: createTenantStore(sql),
  accounts: createAccountStore(sql),
  accountHistory: createAccountHistory(sql),
  cardholders: createCardholderStore(sql),
  kycVerdicts: createKycVerdictStore(sql),
  cards: createCardDirectory(sql),
  controls: createCardControls(sql),
  replacements: createCardReplacements(sql),
  spendingControls: createSpendingControls(sql),
  commands: createCardCommandStore(sql),
  history: createCardHistory(sql),
  decisions: createDecisions(sql),
  authorizations: createAuthorizationStore(sql),
  transactions: createTransactionStore(sql),
  attention: createAttentionStore(sql),
  events: createEventStore(sql),
  auditLog: createAuditLog(sql),
  figures: createProgramFigures(sql),
  completeness: { days: (query, page) => pageOfDays(sql, query, page) },
});

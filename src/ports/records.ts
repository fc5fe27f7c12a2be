/** The records of the card program, within one transaction or outside any. */
import type { AccountHistory } from './account-history.ts';
import type { Accounts } from './accounts.ts';
import type { AttentionList } from './attention.ts';
import type { AuditLog } from './audit-log.ts';
import type { Authorizations } from './authorizations.ts';
import type { CardHistory } from './card-history.ts';
import type { Cardholders } from './cardholders.ts';
import type { CardCommandRecords, CardControls, CardReplacements, Cards } from './cards.ts';
import type { CompletenessReports } from './completeness.ts';
import type { Decisions } from './decisions.ts';
import type { Events } from './events.ts';
import type { ProgramFigures } from './figures.ts';
import type { KycVerdicts } from './kyc-verdicts.ts';
import type { SpendingControls } from './spending-controls.ts';
import type { Tenants } from './tenants.ts';
import type { Transactions } from './transactions.ts';

export interface Records {
  readonly tenants: Tenants;
  readonly accounts: Accounts;
  readonly accountHistory: AccountHistory;
  readonly cardholders: Cardholders;
  readonly kycVerdicts: KycVerdicts;
  readonly cards: Cards;
  readonly controls: CardControls;
  readonly replacements: CardReplacements;
  readonly spendingControls: SpendingControls;
  readonly commands: CardCommandRecords;
  readonly history: CardHistory;
  readonly decisions: Decisions;
  readonly authorizations: Authorizations;
  readonly transactions: Transactions;
  readonly attention: AttentionList;
  readonly events: Events;
  readonly auditLog: AuditLog;
  readonly figures: ProgramFigures;
  readonly completeness: CompletenessReports;
}

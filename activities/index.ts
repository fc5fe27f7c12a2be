/** The activities of a card's workflow, made from ports. Each does one retryable effect and answers with a fact. */
import { createActivationActivities } from './activation.ts';
import { createCancellationActivities } from './cancellation.ts';
import { createIssuanceActivities } from './issuance.ts';
import { createMirrorActivities } from './mirroring.ts';
import type { ActivityPorts } from './ports.ts';
import { createRecordActivities } from './records.ts';
import { createRenewalActivities } from './renewal.ts';
import { createVerificationActivities } from './verification.ts';

export type { ActivityPorts } from './ports.ts';

export const createActivities = (ports: ActivityPorts) => ({
  ...createRecordActivities(ports),
  ...createVerificationActivities(ports),
  ...createIssuanceActivities(ports),
  ...createActivationActivities(ports),
  ...createCancellationActivities(ports),
  ...createRenewalActivities(ports),
  ...createMirrorActivities(ports),
});

export type CardActivities = ReturnType<typeof createActivities>;

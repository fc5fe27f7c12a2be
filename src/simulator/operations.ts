/** The API's operations. */
import type { Operation } from './http/operation.ts';
import { authorizationOperations } from './resources/authorization.ts';
import { authorizationHelperOperations } from './resources/authorization-helper.ts';
import { cardOperations } from './resources/card.ts';
import { cardholderOperations } from './resources/cardholder.ts';
import { designReviewOperations } from './resources/design-review.ts';
import { disputeOperations } from './resources/dispute.ts';
import { eventOperations } from './resources/event.ts';
import { fraudChallengeOperations } from './resources/fraud-challenge.ts';
import { designOperations } from './resources/personalization-design.ts';
import { bundleOperations } from './resources/physical-bundle.ts';
import { reportRunOperations } from './resources/report-run.ts';
import { reportTypeOperations } from './resources/report-type.ts';
import { settlementOperations } from './resources/settlement.ts';
import { shippingOperations } from './resources/shipping.ts';
import { tokenOperations } from './resources/token.ts';
import { transactionOperations } from './resources/transaction.ts';
import { verificationOperations } from './resources/verification-session.ts';
import { webhookEndpointOperations } from './resources/webhook-endpoint.ts';
import type { World } from './world/world.ts';

/** Every operation of the API that there is. */
export const allOperations = (world: World): readonly Operation[] => [
  ...authorizationOperations,
  ...authorizationHelperOperations,
  ...cardOperations,
  ...cardholderOperations,
  ...disputeOperations,
  ...bundleOperations,
  ...designOperations,
  ...designReviewOperations,
  ...eventOperations(world),
  ...reportRunOperations(world),
  ...reportTypeOperations,
  ...settlementOperations,
  ...fraudChallengeOperations,
  ...shippingOperations,
  ...tokenOperations,
  ...transactionOperations,
  ...verificationOperations,
  ...webhookEndpointOperations,
];

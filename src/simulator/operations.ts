/** The API's operations. */
import type { Operation } from './http/operation.ts';
import { authorizationOperations } from './resources/authorization.ts';
import { authorizationHelperOperations } from './resources/authorization-helper.ts';
import { cardOperations } from './resources/card.ts';
import { cardholderOperations } from './resources/cardholder.ts';
import { eventOperations } from './resources/event.ts';
import { shippingOperations } from './resources/shipping.ts';
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
  ...eventOperations(world),
  ...shippingOperations,
  ...transactionOperations,
  ...verificationOperations,
  ...webhookEndpointOperations,
];

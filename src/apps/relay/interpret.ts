/** What a stored event means, whoever sent it. */
import { CHECK_UPDATED, interpretCallback } from '../../adapters/kyc/callback.ts';
import { interpretEvent } from '../../adapters/stripe/interpret-event.ts';
import type { Interpret } from '../../ports/event-application.ts';

export const interpretStored: Interpret = (type, event) =>
  type === CHECK_UPDATED ? interpretCallback(event) : interpretEvent(type, event);

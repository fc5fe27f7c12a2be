/** Refusals of steps that are not possible in an object's state. */
import { type Failure, invalidRequest } from '../http/failure.ts';
import type { Scope } from '../world/kind.ts';

/** A 400. Which `code` Stripe gives is not published, so the account's settings name it. */
export function illegalStep({ account }: Scope, message: string, param?: string): Failure {
  const code = account.settings.illegalStepCode;
  return invalidRequest(message, {
    ...(code === null ? {} : { code }),
    ...(param === undefined ? {} : { param }),
  });
}

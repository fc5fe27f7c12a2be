import { CompletenessDay, CompletenessQuery } from '../../../client/schemas/completeness.ts';
import { pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import { dayOf, isDayCursor } from '../../../domain/completeness.ts';
import { parseTenantId } from '../../../domain/ids.ts';
import { parseDay } from '../../../platform/day.ts';
import { ApiError, invalidField } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';

/** Those that Stripe lists, and as many that an outage may have made unprovable. Earlier ones can be asked for by their names. */
const DAYS_SHOWN = 61;

export function completenessRoutes(app: App, { records, clock }: IngressPorts): void {
  app.get(
    '/v1/completeness',
    {
      schema: {
        operationId: 'listCompleteness',
        summary: "Whether all of Stripe's events of a day are here",
        description:
          'With `day` that day of each tenant, else the days of the last two months that are not whole, the newest first. ' +
          'It shows the last comparison; `npm run completeness` makes one.',
        tags: ['Operations'],
        querystring: CompletenessQuery,
        response: { 200: pageOf(CompletenessDay) },
      },
    },
    ({ query }) => {
      const { after, tenantId } = query;
      if (after !== undefined && !isDayCursor(after)) throw new ApiError('CURSOR_INVALID');
      const today = dayOf(clock.nowMs() / 1000);
      const days =
        query.day === undefined
          ? { fromDay: today - DAYS_SHOWN, toDay: today - 1, isUnprovenOnly: true }
          : oneDay(query.day);
      const tenant = tenantId === undefined ? {} : { tenantId: parseTenantId(tenantId) };
      return records.completeness.days({ ...days, ...tenant }, pageOfQuery(query));
    },
  );
}

function oneDay(text: string) {
  const day = parseDay(text);
  if (day === undefined) throw invalidField('day', 'is no day that exists', 'query');
  return { fromDay: day, toDay: day };
}

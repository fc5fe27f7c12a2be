/** Counts what happens inside of the real-time path in the metrics of the process. */
import type { AuthorizerMetrics } from './authorizer-metrics.ts';
import type { Watch } from './watch.ts';

export const watchWith = (metrics: AuthorizerMetrics): Watch => ({
  call(questions, seconds, result) {
    metrics.questionsPerCall.observe(questions);
    metrics.callSeconds.observe(seconds);
    if (result === 'given_up') metrics.callsGivenUp.inc();
  },
  busy: () => metrics.busy.inc(),
  stale: () => metrics.stale.inc(),
  late: () => metrics.late.inc(),
  shed: () => metrics.shed.inc(),
  reconnect: () => metrics.reconnects.inc(),
  profile: (source) => metrics.profileLookups.inc({ result: source === 'memory' ? 'hit' : 'miss' }),
  recorded(answers, result) {
    const counter = result === 'written' ? metrics.answersRecorded : metrics.answersDropped;
    counter.inc(answers);
  },
});

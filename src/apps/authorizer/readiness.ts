/** Ready means "I can decide": Postgres has just been asked to decide, and did. */
import type { Logger } from '../../platform/logger.ts';
import type { Readiness } from '../../platform/metrics.ts';
import { POSTGRES_BUDGET_MS } from './budget.ts';

export interface ReadinessCheck {
  /** Settles within the budget of Postgres, whatever becomes of the question. */
  check(): Promise<Readiness>;
  /** From now on: not ready, because the process ends. */
  end(): void;
}

const no = (reason: string): Readiness => ({ ready: false, reason });

/** `probe` rejects when Postgres could not decide now. */
export function createReadiness(probe: () => Promise<void>, logger: Logger): ReadinessCheck {
  let isEnding = false;
  let wasReady = true;
  /** Shared by all who ask meanwhile, so that an impatient prober does not pile up questions. */
  let current: Promise<Readiness> | undefined;

  async function ask(): Promise<Readiness> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Readiness>((resolve) => {
      const reason = `Postgres did not decide within ${POSTGRES_BUDGET_MS} ms.`;
      timer = setTimeout(() => resolve(no(reason)), POSTGRES_BUDGET_MS);
    });
    // The text of the failure may name hosts and users: it goes to the log, not to whoever asks.
    const asked = Promise.resolve()
      .then(probe)
      .then(
        (): Readiness => ({ ready: true }),
        (error: unknown) => {
          if (wasReady) logger.warn({ err: error }, 'Postgres cannot decide');
          return no('Postgres cannot decide.');
        },
      );
    const result = await Promise.race([asked, late]);
    clearTimeout(timer);
    if (result.ready !== wasReady) logger.info(result, 'readiness changed');
    wasReady = result.ready;
    return result;
  }

  return {
    check() {
      if (isEnding) return Promise.resolve(no('The process is ending.'));
      current ??= ask().finally(() => {
        current = undefined;
      });
      return current;
    },
    end() {
      isEnding = true;
    },
  };
}

/** Runs a step over and over: at once while there is work, else when woken or after a pause. */

export interface Loop {
  /** Something is waiting: run the step now instead of after the pause. */
  wake(): void;
  /** Ends after the step under way. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  /** Answers true when more work may be waiting. */
  readonly step: () => Promise<boolean>;
  readonly pauseMs: number;
  readonly onError: (error: unknown) => void;
}

export function startLoop({ step, pauseMs, onError }: LoopOptions): Loop {
  const state = { stopped: false, woken: false };
  let endPause: () => void = () => {};

  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function run(): Promise<void> {
    while (!state.stopped) {
      state.woken = false;
      let hasMore = false;
      try {
        hasMore = await step();
      } catch (error) {
        onError(error);
      }
      // What woke us during the step may have come too late for it.
      if (!hasMore && !state.woken && !state.stopped) await pause();
    }
  }

  const running = run();
  return {
    wake() {
      state.woken = true;
      endPause();
    },
    async stop() {
      state.stopped = true;
      endPause();
      await running;
    },
  };
}

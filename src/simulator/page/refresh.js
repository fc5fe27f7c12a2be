/** Loads what has changed, but not more often than a person can see and the simulator can bear. */

const PAUSE_MS = 250;
/** Loading takes at most a third of the time, however slow it gets. */
const PAUSE_FACTOR = 2;

/**
 * Returns a function that asks for names to be loaded. `load` gets all names asked for since it last ran; two runs
 * never overlap. `load` must not reject.
 */
export function coalesce(load) {
  const wanted = new Set();
  let running = false;

  async function run() {
    running = true;
    while (wanted.size > 0) {
      const names = new Set(wanted);
      wanted.clear();
      const startedAt = performance.now();
      await load(names);
      const pause = Math.max(PAUSE_MS, PAUSE_FACTOR * (performance.now() - startedAt));
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    running = false;
  }

  return (names) => {
    for (const name of names) wanted.add(name);
    if (!running) void run();
  };
}

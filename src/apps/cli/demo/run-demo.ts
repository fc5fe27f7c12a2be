/** The demo's scenario. */
import type { DemoArguments } from '../command-line.ts';

export function runDemo(argv: DemoArguments): Promise<number> {
  return Promise.reject(new Error(`The demo with ${argv.cards} cards is not written yet`));
}

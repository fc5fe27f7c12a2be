/**
 * Shows how far each card is: on a terminal one line a card that grows phase by phase, elsewhere a plain line
 * for each change, so that a log can be read and pasted.
 */

import { phasesOf } from './phases.ts';
import type { CardPlan } from './plan.ts';
import type { DemoProgram } from './program.ts';

/** How often the phases are read. */
const POLL_MS = 200;

export interface Progress {
  add(plan: CardPlan, cardId: string): void;
  /** Reads the phases once more and ends. */
  stop(): Promise<void>;
}

interface Line {
  readonly label: string;
  readonly phases: string[];
}

export function startProgress(program: DemoProgram, terminal: NodeJS.WriteStream): Progress {
  const lines = new Map<string, Line>();
  const state = { stopped: false, drawn: 0 };

  function draw(): void {
    if (!terminal.isTTY) return;
    const text = [...lines.values()].map(
      (line) => `\x1b[2K${line.label} ${line.phases.join(' → ')}\n`,
    );
    terminal.write(`${state.drawn > 0 ? `\x1b[${state.drawn}A` : ''}${text.join('')}`);
    state.drawn = text.length;
  }

  async function look(): Promise<void> {
    for (const [cardId, line] of lines) {
      const { data } = await program.api.cards.timeline(cardId, {
        limit: 100,
        source: 'lifecycle',
      });
      const fresh = phasesOf(data).slice(line.phases.length);
      line.phases.push(...fresh);
      if (terminal.isTTY) continue;
      for (const phase of fresh) terminal.write(`${line.label} ${phase}\n`);
    }
    draw();
  }

  const loop = async (): Promise<void> => {
    while (!state.stopped) {
      await look();
      await new Promise((resolve) => {
        setTimeout(resolve, POLL_MS);
      });
    }
  };
  const running = loop();
  return {
    add(plan, cardId) {
      const kind = `${plan.type} ${plan.holder}${plan.isConnected ? ', connected account' : ''}`;
      lines.set(cardId, {
        label: `card ${String(plan.number).padStart(2)}  ${kind.padEnd(38)}`,
        phases: [],
      });
    },
    async stop() {
      state.stopped = true;
      await running;
      await look();
    },
  };
}

/** How the actions of a workflow are counted, over histories that were recorded on a real server. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { describe, expect, it } from 'vitest';
import {
  countActions,
  minus,
  NO_ACTIONS,
  plus,
  totalOf,
  untilPhase,
} from '../../bench/actions/count-actions.ts';

const HISTORIES = join(import.meta.dirname, '..', 'replay', 'histories');

async function recorded(name: string) {
  const text = await readFile(join(HISTORIES, `${name}.json`), 'utf8');
  return historyFromJSON(JSON.parse(text)).events ?? [];
}

describe('the actions of a recorded history', () => {
  it('are its start, messages, timers, upserts and activities', async () => {
    const actions = countActions(await recorded('0001-virtual'));
    expect(actions).toEqual({
      starts: 1,
      signals: 12,
      updates: 2,
      timers: 9,
      upserts: 9,
      activities: 10,
      'local activities': 25,
    });
    expect(totalOf(actions)).toBe(68);
  });

  it('are counted until a phase is shown', async () => {
    const events = await recorded('0001-virtual');
    const until = totalOf(countActions(untilPhase(events, 'active')));
    expect(until).toBeGreaterThan(5);
    expect(until).toBeLessThan(totalOf(countActions(events)));
    expect(untilPhase(events, 'no phase')).toEqual(events);
  });

  it('begin with a start in a run that continues an earlier one', async () => {
    expect(countActions(await recorded('0001-continued')).starts).toBe(1);
  });
});

describe('what histories show in another way', () => {
  it('is counted as it is billed: each attempt of an activity, and local activities once a task', () => {
    const marker = (task: number, markerName = 'core_local_activity') => ({
      markerRecordedEventAttributes: { markerName, workflowTaskCompletedEventId: task },
    });
    const events = [
      { activityTaskStartedEventAttributes: { attempt: 3 } },
      { activityTaskStartedEventAttributes: { attempt: 1 } },
      marker(4),
      marker(4),
      marker(9),
      marker(9, 'core_patch'),
    ];
    expect(countActions(events as never)).toEqual({
      ...NO_ACTIONS,
      activities: 4,
      'local activities': 2,
    });
  });

  it('adds up and is taken away by kind', () => {
    const two = { ...NO_ACTIONS, signals: 2, timers: 1 };
    expect(plus(two, two)).toEqual({ ...NO_ACTIONS, signals: 4, timers: 2 });
    expect(minus(plus(two, two), two)).toEqual(two);
  });
});

/** The guards of changes, `patched('name')`, in a bundle of the workflow's code. */

/** A call as the bundler leaves it. */
const callOf = (name: string): RegExp =>
  new RegExp(String.raw`\(0,\s*[\w$.]+\.patched\)\((["'])(${name})\1\)`, 'g');

/** Names of the changes that are guarded. */
export const guardsIn = (code: string): readonly string[] => [
  ...new Set([...code.matchAll(callOf('[^"\']+'))].flatMap(([, , name]) => name ?? [])),
];

/** The code as it were with an answer in place of the guard: `false` is the code before the change, `true` an unguarded one. */
export function withAnswer(code: string, guard: string, answer: boolean): string {
  const changed = code.replaceAll(callOf(guard), String(answer));
  if (changed === code) throw new Error(`the code has no guard ${guard}`);
  return changed;
}

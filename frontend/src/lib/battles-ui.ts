/** What the flags of a battle mean, for those who meet them for the first time. */
export const FLAGS: Record<string, string> = {
  order_disagreement: 'The judge chose another winner when the answers changed places.',
  identity_leak: 'An answer named the model or its maker, so the vote may not have been blind.',
  failure: 'An answer or a verdict failed.',
  fast: 'The vote came faster than the answers can be read.',
  repeated: 'The same voter decided the same question before.',
  truncated: 'An answer reached its limit of tokens.',
};
export const flagName = (flag: string) => flag.replaceAll('_', ' ');
export const flagText = (flag: string) => FLAGS[flag] ?? 'Noted by the arena; see its documentation.';

export const sourceName = (source: string) =>
  ({ human: 'person', 'llm-judge': 'judge', metric: 'metric' })[source] ?? source;

/** Whether side `a` won: 1, ½ or 0; null for both bad, which is nobody's. */
export function side(winner: string): 'a' | 'b' | 'tie' | 'bad' {
  if (winner === 'model_a') return 'a';
  if (winner === 'model_b') return 'b';
  return winner === 'tie' ? 'tie' : 'bad';
}

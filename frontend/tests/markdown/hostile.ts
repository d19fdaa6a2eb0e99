import text from './hostile.json?raw';

// Read here, since it holds halves of characters that not every reader of JSON takes.
const written = JSON.parse(text) as Record<string, string>;

/** Answers that try to run, load or break something; those written out are also tried in a real browser. */
export const hostile: Record<string, string> = {
  ...written,
  'deep quotes': `${'>'.repeat(5000)} deep`,
  'deep lists': Array.from({ length: 300 }, (_, i) => `${'  '.repeat(i)}- x`).join('\n'),
  brackets: '['.repeat(20_000),
  stars: '*a '.repeat(8_000),
  underscores: '_'.repeat(20_000),
  backticks: Array.from({ length: 150 }, (_, i) => '`'.repeat(i + 1)).join(' a '),
  dollars: '$a '.repeat(6_000),
  'open math': '\\[ x '.repeat(4_000),
  'wide table': `|${'a|'.repeat(3000)}\n|${'-|'.repeat(3000)}\n|${'b|'.repeat(3000)}`,
};

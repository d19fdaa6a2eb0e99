import type { TokenizerAndRendererExtension, Tokens } from 'marked';
import { LIMITS } from './limits';

/** `$…$`, `$$…$$`, `\(…\)` and `\[…\]` become spans that hold their source, for `math.ts` to typeset later. */
const span = (token: Tokens.Generic) => {
  const text = String(token.text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  return `<span class="math"${token.display ? ' data-display="1"' : ''}>${text}</span>`;
};

interface Found {
  text: string;
  length: number;
  display: boolean;
}

/** The formula that `src` begins with. A dollar sign opens one only if it does not look like money. */
export function readFormula(src: string): Found | null {
  if (src.startsWith('$$')) return between(src, '$$', '$$', true);
  if (src.startsWith('\\(')) return between(src, '\\(', '\\)', false);
  if (src.startsWith('\\[')) return between(src, '\\[', '\\]', true);
  if (!src.startsWith('$')) return null;
  const found = /^\$(?![\s$])((?:\\[^\n]|[^\\$\n]){1,1000}?)\$(?![\d$])/.exec(src);
  const text = found?.[1];
  if (!found || !text || /\s$/.test(text)) return null;
  return { text, length: found[0].length, display: false };
}

function between(src: string, open: string, close: string, display: boolean): Found | null {
  const window = src.slice(open.length, open.length + LIMITS.formula + close.length);
  const end = window.indexOf(close);
  const text = end < 0 ? '' : window.slice(0, end);
  if (!text.trim() || text.includes('\n\n')) return null;
  return { text: text.trim(), length: open.length + end + close.length, display };
}

export const mathInline: TokenizerAndRendererExtension = {
  name: 'mathInline',
  level: 'inline',
  start(src) {
    const at = src.search(/\$|\\[([]/);
    return at < 0 ? undefined : at;
  },
  tokenizer(src) {
    const found = readFormula(src);
    if (!found) return undefined;
    return { type: 'mathInline', raw: src.slice(0, found.length), text: found.text, display: found.display };
  },
  renderer: span,
};

export const mathBlock: TokenizerAndRendererExtension = {
  name: 'mathBlock',
  level: 'block',
  start(src) {
    const at = src.search(/\n {0,3}(?:\$\$|\\\[)/);
    return at < 0 ? undefined : at + 1;
  },
  tokenizer(src) {
    const indent = /^ {0,3}/.exec(src)?.[0].length ?? 0;
    const rest = src.slice(indent);
    if (!rest.startsWith('$$') && !rest.startsWith('\\[')) return undefined;
    const found = readFormula(rest);
    const after = found && /^[ \t]*(?:\n|$)/.exec(rest.slice(found.length));
    if (!found || !after) return undefined;
    const raw = src.slice(0, indent + found.length + after[0].length);
    return { type: 'mathBlock', raw, text: found.text, display: true };
  },
  renderer: (token) => `<p>${span(token)}</p>`,
};

import { LIMITS } from './limits';

/**
 * The next whole block of a text that is still being written. `open` code is a fence whose end has not come yet: what
 * is there can be shown, and more is appended to it.
 */
export type Block =
  | { kind: 'markdown'; end: number }
  | { kind: 'plain'; end: number }
  | { kind: 'code'; end: number; lang: string; from: number; to: number; closed: boolean; indent: number };

const FENCE = /^( {0,3})(`{3,}|~{3,})([^`\n]*)$/;
const LIST = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/;
const HEADING = /^ {0,3}#{1,6}(?:[ \t]|$)/;
const MATH = /^ {0,3}(\$\$|\\\[)/;

/** From `from` on, the block that nothing written later can change; null if more has to come first. */
export function nextBlock(text: string, from: number, final: boolean): Block | null {
  let at = from;
  let line = lineAt(text, at);
  while (line.whole && !line.text.trim()) {
    at = line.next;
    line = lineAt(text, at);
  }
  if (at >= text.length) return final && at > from ? { kind: 'markdown', end: at } : null;
  if (line.length > LIMITS.line) return { kind: 'plain', end: pieceEnd(text, at, line) };
  if (!line.whole && !final) return null;
  const fence = FENCE.exec(line.text);
  if (fence) return codeBlock(text, line, fence, final);
  if (MATH.test(line.text)) {
    const math = mathBlock(text, at, final);
    if (math !== 'no') return math;
  }
  if (HEADING.test(line.text)) return { kind: 'markdown', end: line.next };
  return LIST.test(line.text) ? listBlock(text, at, final) : paragraph(text, at, final);
}

interface Line {
  text: string;
  /** Characters, even when the text was not cut out because it is too long. */
  length: number;
  next: number;
  /** Its line feed has come. */
  whole: boolean;
}

function lineAt(text: string, at: number): Line {
  const feed = text.indexOf('\n', at);
  const end = feed < 0 ? text.length : feed;
  const cut = Math.min(end, at + LIMITS.line + 1);
  return {
    text: text.slice(at, cut).replace(/\r$/, ''),
    length: end - at,
    next: feed < 0 ? end : end + 1,
    whole: feed >= 0,
  };
}

/** Where a piece of a very long line ends: at a space if one is near, and never inside a surrogate pair. */
function pieceEnd(text: string, at: number, line: Line): number {
  const end = Math.min(at + LIMITS.piece, at + line.length);
  if (end === at + line.length) return line.next;
  const space = text.lastIndexOf(' ', end);
  if (space > end - 200 && space > at) return space + 1;
  const code = text.charCodeAt(end - 1);
  return code >= 0xd800 && code <= 0xdbff ? end - 1 : end;
}

function codeBlock(text: string, opening: Line, fence: RegExpExecArray, final: boolean): Block {
  const [, indent = '', marker = '```', info = ''] = fence;
  const closing = new RegExp(`^ {0,3}${marker[0] === '~' ? '~' : '`'}{${marker.length},}[ \\t]*$`);
  const lang = info.trim().split(/[\s{,]/)[0] ?? '';
  const block = { kind: 'code' as const, lang, from: opening.next, indent: indent.length };
  let at = opening.next;
  while (at < text.length) {
    const line = lineAt(text, at);
    if ((line.whole || final) && line.length <= LIMITS.line && closing.test(line.text)) {
      return { ...block, end: line.next, to: at, closed: true };
    }
    if (!line.whole) break;
    at = line.next;
  }
  return { ...block, end: text.length, to: final ? text.length : at, closed: final };
}

function mathBlock(text: string, at: number, final: boolean): Block | null | 'no' {
  const opening = MATH.exec(text.slice(at, at + 8));
  if (!opening) return 'no';
  const start = at + opening[0].length;
  const mark = opening[1] === '$$' ? '$$' : '\\]';
  const end = text.slice(start, start + LIMITS.formula).indexOf(mark);
  if (end < 0) return final || text.length - start > LIMITS.formula ? 'no' : null;
  const line = lineAt(text, start + end);
  if (!line.whole && !final) return null;
  return line.text.slice(2).trim() ? 'no' : { kind: 'markdown', end: line.next };
}

function paragraph(text: string, from: number, final: boolean): Block | null {
  let at = lineAt(text, from).next;
  while (at < text.length) {
    const line = lineAt(text, at);
    const known = line.whole || final;
    if (known && !line.text.trim()) return { kind: 'markdown', end: line.next };
    if (known && (FENCE.test(line.text) || MATH.test(line.text) || HEADING.test(line.text)))
      return { kind: 'markdown', end: at };
    if (line.length > LIMITS.line || at - from > LIMITS.block) return { kind: 'markdown', end: at };
    if (!known) return null;
    at = line.next;
  }
  return final ? { kind: 'markdown', end: text.length } : null;
}

/** A list goes on over blank lines, as long as what follows is indented or another item. */
function listBlock(text: string, from: number, final: boolean): Block | null {
  let at = lineAt(text, from).next;
  let blank = false;
  while (at < text.length) {
    const line = lineAt(text, at);
    const known = line.whole || final || line.length >= 12;
    if (!known) return null;
    const empty = !line.text.trim();
    if (!empty) {
      const inside = /^(?: {2,}|\t)/.test(line.text) || LIST.test(line.text);
      if (!inside && (blank || FENCE.test(line.text) || HEADING.test(line.text)))
        return { kind: 'markdown', end: at };
      if (at - from > LIMITS.block || line.length > LIMITS.line) return { kind: 'markdown', end: at };
    }
    blank = empty;
    at = line.next;
  }
  return final ? { kind: 'markdown', end: text.length } : null;
}

/** Closes what the open tail has not closed yet, so that marks do not show for a moment and then vanish. */
export function mend(tail: string): string {
  let text = tail.replace(/!?\[[^\]\n]*(?:\]\([^)\s]*)?$/, (open) => {
    const words = /^!?\[([^\]]*)/.exec(open)?.[1] ?? '';
    return open.length > 200 ? open : words;
  });
  const last = text.slice(text.lastIndexOf('\n\n') + 1);
  if (count(last, /`/g) % 2) return `${text}\``;
  if (/(^|\s)\*{1,3}$/.test(text)) text = text.replace(/\*{1,3}$/, '');
  else if (count(last, /\*\*/g) % 2) text = `${text.replace(/\*$/, '')}**`;
  return text;
}

const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;

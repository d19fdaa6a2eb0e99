import type katexModule from 'katex';
import { LIMITS } from './limits';

type Katex = typeof katexModule;
let loading: Promise<Katex> | null = null;
let katex: Katex | null = null;

/** KaTeX and its style come with the first formula. */
async function load(): Promise<Katex> {
  loading ??= Promise.all([import('katex'), import('katex/dist/katex.min.css')]).then(
    ([module]) => module.default,
  );
  katex = await loading;
  return katex;
}

/** Typeset formulas by source, so that a formula in the open tail is not set anew with each frame. */
const kept = new Map<string, Element>();

function set(engine: Katex, source: string, display: boolean): Element | null {
  const key = `${display ? 'd' : 'i'}${source}`;
  const known = kept.get(key);
  if (known) return known.cloneNode(true) as Element;
  const box = document.createElement('span');
  try {
    engine.render(source, box, {
      displayMode: display,
      trust: false,
      strict: 'ignore',
      throwOnError: true,
      maxExpand: 200,
      maxSize: 20,
      output: 'htmlAndMathml',
    });
  } catch {
    return null; // not LaTeX, or beyond the limits: the source stays
  }
  if (kept.size > 500) kept.delete(kept.keys().next().value ?? '');
  kept.set(key, box.cloneNode(true) as Element);
  return box;
}

function replace(engine: Katex, span: HTMLElement): void {
  if (span.classList.contains('set')) return; // asked for twice while KaTeX was on its way
  const display = span.dataset.display === '1';
  const done = set(engine, span.textContent ?? '', display);
  if (!done) {
    span.classList.add('broken');
    span.title = 'This formula could not be typeset';
    return;
  }
  span.replaceChildren(...done.childNodes);
  span.classList.add('set');
  if (display) {
    span.tabIndex = 0;
    span.setAttribute('role', 'group');
    span.setAttribute('aria-label', 'Formula');
  }
}

/** Typesets the formulas below `root`; returns how many were there, so that the caller can keep to the limit. */
export function typeset(root: ParentNode, left: number): number {
  const spans = [...root.querySelectorAll<HTMLElement>('.math:not(.set, .broken)')]
    .filter((span) => (span.textContent?.length ?? 0) <= LIMITS.formula)
    .slice(0, Math.max(0, left));
  if (!spans.length) return 0;
  if (katex) for (const span of spans) replace(katex, span);
  else {
    void load().then((engine) => {
      for (const span of spans) if (span.isConnected) replace(engine, span);
    });
  }
  return spans.length;
}

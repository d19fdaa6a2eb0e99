import { purifyHighlight } from './purify-highlight';
import { LIMITS } from './limits';

type Engine = typeof import('./languages').default;
let engine: Engine | null = null;
const queue: { code: HTMLElement; lang: string }[] = [];
let busy = false;

const idle: (work: () => void) => void =
  typeof requestIdleCallback === 'function'
    ? (work) => requestIdleCallback(work, { timeout: 2000 })
    : (work) => setTimeout(work, 30);

/** Colours a finished block of code when the browser has nothing better to do. */
export function colour(code: HTMLElement, lang: string): void {
  if (!lang || (code.textContent?.length ?? 0) > LIMITS.highlight) return;
  queue.push({ code, lang: lang.toLowerCase() });
  if (!busy) {
    busy = true;
    idle(() => void work());
  }
}

async function work(): Promise<void> {
  engine ??= (await import('./languages')).default;
  const next = queue.shift();
  if (next?.code.isConnected && engine.getLanguage(next.lang)) {
    const html = engine.highlight(next.code.textContent ?? '', {
      language: next.lang,
      ignoreIllegals: true,
    }).value;
    next.code.replaceChildren(purifyHighlight(html));
  }
  if (queue.length) idle(() => void work());
  else busy = false;
}

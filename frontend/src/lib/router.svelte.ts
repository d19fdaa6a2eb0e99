import { tick } from 'svelte';

/** The address, followed through links, the back button and our own calls. */
class Router {
  path = $state(location.pathname);
  search = $state(location.search);
  /** Counts navigations that should move the focus and the scroll position to the top of the new page. */
  visit = $state(0);

  get params(): URLSearchParams {
    return new URLSearchParams(this.search);
  }

  go(to: string): void {
    const url = new URL(to, location.href);
    if (url.pathname === this.path && url.search === this.search) return;
    history.replaceState({ ...history.state, y: scrollY }, '');
    history.pushState({}, '', url);
    this.#read();
    this.visit += 1;
    scrollTo(0, 0);
  }

  /** Changes the query without a new page: filters, sorting, tabs. */
  setQuery(values: Record<string, string | null | undefined>): void {
    const params = this.params;
    for (const [key, value] of Object.entries(values)) {
      if (value) params.set(key, value);
      else params.delete(key);
    }
    const text = params.toString();
    history.replaceState(history.state, '', location.pathname + (text ? `?${text}` : ''));
    this.search = location.search;
  }

  start(): () => void {
    const click = (event: MouseEvent) => this.#click(event);
    const pop = (event: PopStateEvent) => void this.#pop(event);
    history.scrollRestoration = 'manual';
    document.addEventListener('click', click);
    window.addEventListener('popstate', pop);
    return () => {
      document.removeEventListener('click', click);
      window.removeEventListener('popstate', pop);
    };
  }

  #read(): void {
    this.path = location.pathname;
    this.search = location.search;
  }

  async #pop(event: PopStateEvent): Promise<void> {
    this.#read();
    this.visit += 1;
    const y = (event.state as { y?: number } | null)?.y ?? 0;
    await tick();
    setTimeout(() => scrollTo(0, y), 60);
  }

  #click(event: MouseEvent): void {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = (event.target as Element | null)?.closest('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (/^\/(api|docs|metrics|admin\/arena\/api)(\/|$)|\.\w+$/.test(link.pathname)) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    this.go(link.href);
  }
}

export const router = new Router();

/** `/models/:label` against a path: the parts by name, or null. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.replace(/\/+$/, '').split('/');
  if (path === '/') given.splice(0, given.length, '', '');
  const rest = wanted.at(-1)?.endsWith('*') ?? false;
  if (rest ? given.length < wanted.length : given.length !== wanted.length) return null;
  const found: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = part.endsWith('*') ? given.slice(i).join('/') : (given[i] ?? '');
    if (part.startsWith(':')) {
      if (!value) return null;
      found[part.replace(/[:*]/g, '')] = decode(value);
    } else if (part !== value) return null;
  }
  return found;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

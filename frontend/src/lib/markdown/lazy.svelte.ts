import type { Component } from 'svelte';

type View = Component<{ text: string; done?: boolean }>;

/** The renderer is a third of the page's code; it comes while the voter writes, not before the page shows. */
class LazyMarkdown {
  View: View | null = $state.raw(null);
  #loading: Promise<void> | null = null;

  load(): Promise<void> {
    this.#loading ??= import('./Markdown.svelte').then(
      (module) => void (this.View = module.default),
      () => void (this.#loading = null), // the plain text stays; the next answer tries again
    );
    return this.#loading;
  }
}

export const markdown = new LazyMarkdown();

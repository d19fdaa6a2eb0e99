/** Whether the server can be reached. While it cannot, it is asked again, less and less often. */
class Net {
  online = $state(true);
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wait = 1000;
  #waiting = new Set<() => void>();

  lost(): void {
    this.online = false;
    this.#schedule();
  }

  found(): void {
    this.online = true;
    this.#wait = 1000;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Resolves when the server answers again (at once if it does now). */
  back(): Promise<void> {
    if (this.online) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** Asks the server now, as when the browser says that the network is there again. */
  async probe(): Promise<void> {
    try {
      const response = await fetch('/healthz', { cache: 'no-store' });
      if (response.status < 500) this.found();
      else this.#schedule();
    } catch {
      this.#schedule();
    }
  }

  #schedule(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.probe();
    }, this.#wait);
    this.#wait = Math.min(this.#wait * 1.7, 15000);
  }
}

export const net = new Net();

if (typeof window !== 'undefined') {
  window.addEventListener('online', () => void net.probe());
  window.addEventListener('offline', () => net.lost());
}

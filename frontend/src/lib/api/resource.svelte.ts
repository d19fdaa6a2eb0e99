import { api, errorText } from './client';

/** Something read from the server: what was read before stays on the screen while a newer one is on its way. */
export class Resource<T> {
  data: T | null = $state.raw(null);
  error: string | null = $state(null);
  loading = $state(false);
  #path = '';
  #stop: AbortController | null = null;

  async load(path: string): Promise<void> {
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    this.#path = path;
    this.loading = true;
    try {
      this.data = await api<T>(path, { signal: stop.signal });
      this.error = null;
    } catch (error) {
      if (stop.signal.aborted) return;
      this.error = errorText(error);
    } finally {
      if (this.#stop === stop) this.loading = false;
    }
  }

  reload = (): void => void this.load(this.#path);

  close(): void {
    this.#stop?.abort();
  }
}

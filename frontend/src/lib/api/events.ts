import { ApiError, readError } from './client';
import { net } from './net.svelte';

export type Handler = (event: string, data: unknown) => void;

/** Splits a text/event-stream into events; pieces may end anywhere. */
export class EventParser {
  #rest = '';
  constructor(private readonly handle: Handler) {}

  push(piece: string): void {
    const text = this.#rest + piece;
    const blocks = text.split(/\r?\n\r?\n/);
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) this.#read(block);
  }

  #read(block: string): void {
    let event = 'message';
    const data: string[] = [];
    for (const line of block.split(/\r?\n/)) {
      if (line.startsWith('event:')) event = line.slice(6).trim();
      else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
    }
    if (data.length) this.handle(event, JSON.parse(data.join('\n')));
  }
}

/**
 * Listens to a stream of the server's and connects again when it breaks, after a little longer each time. Ends at the
 * event `end`, when `stop` is called, or when the server says that there is nothing to hear (4xx), which `failed` gets.
 */
export function listen(path: string, handle: Handler, failed: (error: ApiError) => void): () => void {
  const stopper = new AbortController();
  const { signal } = stopper;
  let wait = 500;
  let ended = false;

  const once = async () => {
    const response = await fetch(path, {
      headers: { Accept: 'text/event-stream' },
      credentials: 'same-origin',
      cache: 'no-store',
      signal,
    });
    if (!response.ok || !response.body) throw await readError(response);
    net.found();
    const parser = new EventParser((event, data) => {
      wait = 500;
      if (signal.aborted) return;
      if (event === 'end') ended = true;
      handle(event, data);
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.push(value);
    }
  };

  const run = async () => {
    while (!signal.aborted && !ended) {
      try {
        await once();
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ApiError && error.status < 500 && error.status !== 429) {
          failed(error);
          return;
        }
        if (!(error instanceof ApiError)) net.lost();
      }
      if (ended || signal.aborted) return;
      await Promise.race([net.back().then(() => pause(200)), pause(wait)]);
      wait = Math.min(wait * 1.8, 15000);
    }
  };
  void run();
  return () => stopper.abort();
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

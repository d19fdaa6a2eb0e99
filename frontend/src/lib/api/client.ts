import { net } from './net.svelte';
import type { Session } from './types';

/** What went wrong with a request, in words that can be shown. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string | null = null,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
  /** No answer at all: the network or the server is away. */
  get offline(): boolean {
    return this.status === 0;
  }
}

const SAFE = new Set(['GET', 'HEAD']);
let session: Promise<Session> | null = null;

/** The session, asked for once; `renew` asks again, as after the server forgot us. */
export function getSession(renew = false): Promise<Session> {
  if (renew || !session) {
    const asked = send<Session>('/api/session', {});
    asked.catch(() => {
      if (session === asked) session = null;
    });
    session = asked;
  }
  return session;
}

export interface Options {
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
}

/** JSON from the server. A session that has expired is renewed, and the request sent once more. */
export async function api<T>(path: string, options: Options = {}): Promise<T> {
  const method = options.method ?? 'GET';
  if (SAFE.has(method)) {
    return withRenewal(() => send<T>(path, options));
  }
  return withRenewal(async () => send<T>(path, options, (await getSession()).csrf));
}

/** The server does not know our session or its token: as after it was restarted, or the cookie expired. */
const forgotten = (error: ApiError) =>
  error.status === 401 || (error.status === 403 && (error.code === 'session' || error.code === 'csrf'));

async function withRenewal<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof ApiError) || !forgotten(error)) throw error;
    await getSession(true);
    return attempt();
  }
}

async function send<T>(path: string, options: Options, csrf?: string): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (csrf) headers['X-CSRF-Token'] = csrf;
  let response: Response;
  try {
    response = await fetch(path, {
      method: options.method ?? 'GET',
      headers,
      credentials: 'same-origin',
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    net.lost();
    throw new ApiError('The server cannot be reached.', 0);
  }
  net.found();
  if (!response.ok) throw await readError(response);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

/** The server's own words, or plain ones where a proxy answered in its place. */
export async function readError(response: Response): Promise<ApiError> {
  const after = Number(response.headers.get('Retry-After')) || null;
  let body: { error?: unknown; hint?: unknown; code?: unknown } = {};
  try {
    body = (await response.json()) as typeof body;
  } catch {
    // not JSON: the status has to do
  }
  const said = typeof body.error === 'string' ? body.error : `The server answered ${response.status}.`;
  const hint = typeof body.hint === 'string' ? ` ${body.hint}` : '';
  const wait = response.status === 429 && after ? ` Try again in ${waitText(after)}.` : '';
  return new ApiError(
    said + hint + wait,
    response.status,
    typeof body.code === 'string' ? body.code : null,
    after,
  );
}

function waitText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

/** `{a: 1, b: null}` → `?a=1`. */
export function query(values: Record<string, string | number | boolean | null | undefined>): string {
  const pairs = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '' && value !== false) {
      pairs.set(key, value === true ? '1' : String(value));
    }
  }
  const text = pairs.toString();
  return text ? `?${text}` : '';
}

export function errorText(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return error instanceof Error ? error.message : String(error);
}

import { query } from '../api/client';
import { router } from '../router.svelte';

export const PERIODS = [
  ['', 'All time'],
  ['1', 'Last day'],
  ['7', 'Last 7 days'],
  ['30', 'Last 30 days'],
  ['365', 'Last year'],
] as const;

/** What of the battles a board or a chart counts; it lives in the address, so that a view can be sent on. */
export function boardQuery(extra: Record<string, string | number | boolean | null> = {}): string {
  const params = router.params;
  const days = Number(params.get('days'));
  return query({
    source: params.get('source'),
    run: params.get('run'),
    category: params.get('category'),
    dataset: params.get('dataset'),
    language: params.get('language'),
    retired: params.get('retired') === '1',
    since: days ? Math.floor(Date.now() / 1000 / 3600) * 3600 - days * 86400 : null,
    ...extra,
  });
}

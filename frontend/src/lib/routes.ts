import type { Component } from 'svelte';
import { match } from './router.svelte';

type Load = () => Promise<{ default: Component<any> }>; // eslint-disable-line -- pages differ in their properties
export interface Route {
  page: string;
  title: string;
  params: Record<string, string>;
  load: Load;
}

const PAGES: [pattern: string, page: string, title: string, load: Load][] = [
  ['/side-by-side', 'side', 'Side by side', () => import('../pages/SideBySide.svelte')],
  ['/leaderboard', 'board', 'Leaderboard', () => import('../pages/Leaderboard.svelte')],
  ['/models/:label*', 'model', '', () => import('../pages/Model.svelte')],
  ['/charts', 'charts', 'Charts', () => import('../pages/Charts.svelte')],
  ['/battles', 'battles', 'Battles', () => import('../pages/Battles.svelte')],
  ['/battles/:id*', 'battle-detail', 'A battle', () => import('../pages/BattleDetail.svelte')],
  ['/shared/:id', 'shared', 'A shared battle', () => import('../pages/Shared.svelte')],
  ['/admin', 'admin', 'Admin', () => import('../pages/Admin.svelte')],
  ['/admin/arena', 'admin-arena', 'Admin arena', () => import('../pages/AdminArena.svelte')],
  ['/about', 'about', 'About', () => import('../pages/About.svelte')],
];
const missing: Load = () => import('../pages/Missing.svelte');

export function resolve(path: string): Route {
  if (match('/', path)) return { page: 'battle', title: 'Palestra', params: {}, load: missing };
  for (const [pattern, page, title, load] of PAGES) {
    const params = match(pattern, path);
    if (params) return { page, title: title || params.label || 'Model', params, load };
  }
  return { page: 'missing', title: 'Not found', params: {}, load: missing };
}

import { BarChart, CustomChart, HeatmapChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from 'echarts/components';
import { init, use, type EChartsType } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { height, option } from './options';
import { palette } from './palette';
import type { ChartData, Kind } from './types';

use([
  BarChart,
  CustomChart,
  HeatmapChart,
  LineChart,
  GridComponent,
  LegendComponent,
  TooltipComponent,
  VisualMapComponent,
  SVGRenderer,
]);

/** A chart in `host`, which it fills in width; it draws itself anew when that changes. */
export class Drawing {
  #chart: EChartsType;
  #last: [Kind, ChartData[Kind]] | null = null;
  #watch: ResizeObserver;
  #width = 0;

  constructor(private readonly host: HTMLElement) {
    this.#chart = init(host, null, { renderer: 'svg', width: host.clientWidth || 600, height: 300 });
    this.#watch = new ResizeObserver(() => {
      if (host.clientWidth && host.clientWidth !== this.#width) this.again();
    });
    this.#watch.observe(host);
  }

  show(kind: Kind, data: ChartData[Kind]): void {
    this.#last = [kind, data];
    this.again();
  }

  again(): void {
    if (!this.#last) return;
    const [kind, data] = this.#last;
    this.#width = this.host.clientWidth;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#chart.resize({ width: this.#width, height: height(kind, data, this.#width) });
    this.#chart.setOption(
      { ...option(kind, data, this.#width, palette()), animation: !calm },
      { notMerge: true },
    );
  }

  /** The drawing as a file of its own. */
  svg(): string {
    const element = this.host.querySelector('svg');
    if (!element) return '';
    const copy = element.cloneNode(true) as SVGSVGElement;
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    return new XMLSerializer().serializeToString(copy);
  }

  destroy(): void {
    this.#watch.disconnect();
    this.#chart.dispose();
  }
}

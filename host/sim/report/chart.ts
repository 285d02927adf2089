/**
 * Plots as SVG: d3-scale maps values and finds round ticks, d3-shape makes the paths; both are functions from numbers to
 * strings and need no browser. Colours are classes, so that a style sheet can tell light from dark.
 */
import { type CurveFactory, curveLinear, line } from "d3-shape";
import { coordinate } from "./format.ts";
import { html, type Markup } from "./markup.ts";

export const WIDTH = 460;
export const HEIGHT = 250;
const MARGIN = { top: 14, right: 44, bottom: 38, left: 46 };

/** The drawing area: ranges for scales. */
export const RANGE_X: readonly [number, number] = [MARGIN.left, WIDTH - MARGIN.right];
export const RANGE_Y: readonly [number, number] = [HEIGHT - MARGIN.bottom, MARGIN.top];

/** What a scale of numbers can do here. */
export interface NumberScale {
  (value: number): number;
  ticks(count?: number): number[];
}

export interface Axis {
  readonly scale: NumberScale;
  readonly label: string;
  readonly format: (value: number) => string;
  /** About so many ticks; 5 by default. */
  readonly ticks?: number | readonly number[];
}

function ticksOf({ scale, ticks = 5 }: Axis): readonly number[] {
  return typeof ticks === "number" ? scale.ticks(ticks) : ticks;
}

/** A plot with axes around `content`. `title` says to those who cannot see it what it shows. */
export function plot(title: string, x: Axis | undefined, y: Axis, content: readonly Markup[]): Markup {
  const [left, right] = RANGE_X;
  const [bottom] = RANGE_Y;
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">
    <title>${title}</title>
    ${ticksOf(y).map((tick) => {
      const at = coordinate(y.scale(tick));
      return html`<line class="grid" x1="${left}" x2="${right}" y1="${at}" y2="${at}" /><text
          class="tick"
          x="${left - 6}"
          y="${at}"
          dy="0.32em"
          text-anchor="end"
          >${y.format(tick)}</text
        > `;
    })}${content}
    <line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}" />
    ${
      x !== undefined &&
      ticksOf(x).map((tick) => {
        const at = coordinate(x.scale(tick));
        return html`<line class="axis" x1="${at}" x2="${at}" y1="${bottom}" y2="${bottom + 4}" /><text
            class="tick"
            x="${at}"
            y="${bottom + 16}"
            text-anchor="middle"
            >${x.format(tick)}</text
          > `;
      })
    }
    <text class="label" x="${(left + right) / 2}" y="${HEIGHT - 4}" text-anchor="middle">${x?.label ?? ""}</text>
    <text class="label" transform="translate(11 ${(bottom + MARGIN.top) / 2}) rotate(-90)" text-anchor="middle">
      ${y.label}
    </text>
  </svg>`;
}

/** A line through points, in the order given. */
export function lineThrough(
  points: readonly (readonly [number, number])[],
  className: string,
  curve: CurveFactory = curveLinear,
): Markup {
  const path = line().curve(curve).digits(2)(points as [number, number][]);
  return html`<path class="${className}" d="${path ?? ""}" />`;
}

/** Marks of a second scale at the right edge. */
export function rightTicks(scale: NumberScale, ticks: readonly number[], format: (value: number) => string): Markup {
  const [, right] = RANGE_X;
  return html`${ticks.map(
    (tick) =>
      html`<text class="tick share-tick" x="${right + 5}" y="${coordinate(scale(tick))}" dy="0.32em"
        >${format(tick)}</text
      > `,
  )}`;
}

/** A rectangle between two corners, with a tooltip. */
export function bar(
  corners: { x0: number; x1: number; y0: number; y1: number },
  className: string,
  tooltip?: string,
): Markup {
  const { x0, x1, y0, y1 } = corners;
  const [width, height] = [Math.abs(x1 - x0), Math.abs(y1 - y0)].map(coordinate);
  const [x, y] = [Math.min(x0, x1), Math.min(y0, y1)].map(coordinate);
  const title = tooltip !== undefined && html`<title>${tooltip}</title>`;
  return html`<rect class="${className}" x="${x}" y="${y}" width="${width}" height="${height}">${title}</rect> `;
}

/** A limit across the plot with its name above or, near the top, below it. */
export function limitLine(y: number, label: string): Markup {
  const [left, right] = RANGE_X;
  const at = coordinate(y);
  const text = coordinate(y < MARGIN.top + 14 ? y + 14 : y - 5);
  return html`<line class="limit" x1="${left}" x2="${right}" y1="${at}" y2="${at}" /><text
      class="limit-label"
      x="${right}"
      y="${text}"
      text-anchor="end"
      >${label}</text
    > `;
}

/** A mark at one x with its name beside it, `level` lines from the top. */
export function marker(x: number, label: string, level: number): Markup {
  const [, right] = RANGE_X;
  const [bottom, top] = RANGE_Y;
  const at = coordinate(x);
  const toLeft = x > right - 90;
  const text = coordinate(x + (toLeft ? -4 : 4));
  return html`<line class="marker" x1="${at}" x2="${at}" y1="${bottom}" y2="${top}" /><text
      class="tick"
      x="${text}"
      y="${top + 9 + 13 * level}"
      text-anchor="${toLeft ? "end" : "start"}"
      >${label}</text
    > `;
}

export interface LegendEntry {
  readonly className: string;
  readonly label: string;
}

export function legend(entries: readonly LegendEntry[]): Markup {
  return html`<p class="legend">
    ${entries.map(
      ({ className, label }) =>
        html`<span
          ><svg viewBox="0 0 12 12" aria-hidden="true"><rect class="${className}" width="12" height="12" rx="2" /></svg>
          ${label}</span
        > `,
    )}
  </p>`;
}

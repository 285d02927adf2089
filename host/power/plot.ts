/** The year of a relay as an SVG file: what the panel brings and the relay takes, and the battery under it. */
import { scaleLinear } from "d3-scale";
import { area } from "d3-shape";
import { lineThrough, plot, RANGE_X, RANGE_Y, rightTicks, WIDTH, HEIGHT } from "../sim/report/chart.ts";
import { coordinate, percent, short } from "../sim/report/format.ts";
import { html, Markup } from "../sim/report/markup.ts";
import { milliwattHours, type PowerResult } from "./predict.ts";
import { DAYS, MONTH_OF, MONTHS } from "./solar.ts";

/** Colours of Okabe and Ito, as in the simulator's report; light and dark by the reader's preference. */
const STYLE = `
svg { font: 11.5px system-ui, sans-serif; background: #fff; color: #5b6470; }
.grid { stroke: #e9ecf0; } .axis { stroke: #9aa3ae; fill: none; }
text { fill: currentColor; }
.band { fill: #e69f00; fill-opacity: .25; }
.harvest { fill: none; stroke: #e69f00; stroke-width: 2; }
.need { fill: none; stroke: #d55e00; stroke-width: 1.5; stroke-dasharray: 5 4; }
.charge { fill: none; stroke: #0072b2; stroke-width: 2; }
.charge-low { fill: none; stroke: #0072b2; stroke-width: 1.2; stroke-dasharray: 3 3; }
.share-tick { fill: #0072b2; }
@media (prefers-color-scheme: dark) {
  svg { background: #1d2126; color: #9ba5b1; }
  .grid { stroke: #2a3037; } .axis { stroke: #6d7682; }
  .charge, .charge-low { stroke: #4aa3df; } .share-tick { fill: #4aa3df; }
}
`;

/** Every so many days a point: a pixel is a day, and smoothed days need fewer. */
const STEP_DAYS = 3;
/** Days averaged for a line of the plot: day by day it trembles with the weather of the seed. */
const SMOOTH_DAYS = 9;
const LEGEND_HEIGHT = 74;

/** Mean of the days around every third one, over the turn of the year. */
function smooth(values: readonly number[]): number[] {
  const half = (SMOOTH_DAYS - 1) / 2;
  return Array.from({ length: Math.ceil(values.length / STEP_DAYS) }, (_, point) => {
    const i = point * STEP_DAYS;
    let sum = 0;
    for (let step = -half; step <= half; step++) sum += values[(i + step + values.length) % values.length] ?? 0;
    return sum / SMOOTH_DAYS;
  });
}

/** The plot of a year, a whole SVG document. */
export function yearPlot(result: PowerResult): string {
  const { simulation, milliamps, input } = result;
  const need = milliwattHours(milliamps * 24) / 1000;
  const column = (name: "harvestMah" | "harvestLowMah" | "harvestHighMah"): number[] =>
    smooth(simulation.days.map((day) => milliwattHours(day[name]) / 1000));
  const [harvest, low, high] = [column("harvestMah"), column("harvestLowMah"), column("harvestHighMah")];
  const x = scaleLinear([0, DAYS - 2], RANGE_X);
  const y = scaleLinear([0, Math.max(...high, need) * 1.05], RANGE_Y);
  const charge = scaleLinear([0, 1], RANGE_Y);
  const points = (values: readonly number[], scale: (value: number) => number): [number, number][] =>
    values.map((value, i) => [x(i * STEP_DAYS), scale(value)]);
  const band = area<number>()
    .x((_, i) => x(i * STEP_DAYS))
    .y0((_, i) => y(low[i] ?? 0))
    .y1((_, i) => y(high[i] ?? 0))
    .digits(1)(harvest);
  const starts = MONTHS.map((_, month) => MONTH_OF.indexOf(month) + 14);
  const chart = plot(
    `A year of ${input.board.name}: energy a day and charge of the battery`,
    { scale: x, label: "", ticks: starts, format: (day) => MONTHS[MONTH_OF[day] ?? 0] ?? "" },
    { scale: y, label: "Wh a day", format: short },
    [
      html`<path class="band" d="${band ?? ""}" />`,
      lineThrough(points(harvest, y), "harvest"),
      lineThrough(
        [
          [RANGE_X[0], y(need)],
          [RANGE_X[1], y(need)],
        ],
        "need",
      ),
      lineThrough(points(smooth(simulation.days.map((day) => day.chargeMedian)), charge), "charge"),
      lineThrough(points(smooth(simulation.days.map((day) => day.chargeLow)), charge), "charge-low"),
      rightTicks(charge, [0, 0.5, 1], percent),
    ],
  );
  return `${document(chart, legend()).text}\n`;
}

function legend(): Markup {
  const entries: readonly (readonly [string, string])[] = [
    ["harvest", "harvest, mean of the years; the band holds 8 of 10"],
    ["need", "what the relay takes"],
    ["charge", "battery at its daily lowest, median of the years (right scale)"],
    ["charge-low", "the same in the worst of 20 years (right scale)"],
  ];
  return html`${entries.map(([className, label], i) => {
    const [left] = RANGE_X;
    const top = HEIGHT + 4 + i * 17;
    return html`<line class="${className}" x1="${left}" x2="${left + 18}" y1="${top}" y2="${top}" /><text
        x="${left + 23}"
        y="${coordinate(top)}"
        dy="0.32em"
        >${label}</text
      > `;
  })}`;
}

/** An SVG of the report is part of a page; a file of its own names its language and brings its style. */
function document(chart: Markup, below: Markup): Markup {
  const height = HEIGHT + LEGEND_HEIGHT;
  return html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 ${WIDTH} ${height}"
    width="${WIDTH * 1.5}"
    height="${height * 1.5}"
  >
    <style>
      ${new Markup(STYLE)}
    </style>
    ${new Markup(chart.text.replace("<svg ", `<svg width="${WIDTH}" height="${HEIGHT}" `))} ${below}
  </svg>`;
}

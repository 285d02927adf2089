/**
 * The report's style sheet. One column on a phone, two of plots on a desk; colours by the reader's preference for light or
 * dark. The series colours are those of Okabe and Ito (Color Universal Design, 2008), which stay apart for the colour-blind.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --text: #1b1f24; --soft: #5b6470; --line: #d9dee5; --grid: #e9ecf0;
  --blue: #0072b2; --sky: #56b4e9; --green: #009e73; --orange: #e69f00; --red: #d55e00; --pink: #cc79a7;
  --yellow: #d8c400; --grey: #9aa3ae; --good: #007a58; --bad: #b8330a; --share-text: #8a5d00; --good-back: #e2f4ee; --bad-back: #fdeae2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --card: #1d2126; --text: #e8eaed; --soft: #9ba5b1; --line: #353c45; --grid: #2a3037;
    --blue: #4aa3df; --sky: #8fd0f7; --green: #2fbf95; --orange: #f0b434; --red: #f07a3c; --pink: #e0a0c4;
    --yellow: #f0e442; --grey: #6d7682; --good: #4fd3ab; --bad: #ff9468; --share-text: #f0b434; --good-back: #17332b; --bad-back: #3b2218;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 16px; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 10px; }
p { margin: 0; }
.description { font-size: 1.02rem; margin-top: 2px; }
.description::first-letter { text-transform: uppercase; }
.soft, .hint { color: var(--soft); }
.hint { font-size: .88rem; margin-bottom: 8px; }
.head { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: center; margin: 6px 0 4px; }
.verdict { padding: 3px 12px; border-radius: 99px; font-weight: 600; }
.kept { color: var(--good); background: var(--good-back); }
.broken { color: var(--bad); background: var(--bad-back); }
.failure { margin-top: 10px; padding: 10px 14px; border-radius: 10px; color: var(--bad); background: var(--bad-back); }
.hashes { display: grid; grid-template-columns: max-content 1fr; gap: 2px 12px; margin: 8px 0 0; font-size: .85rem; }
.hashes dt { color: var(--soft); }
.hashes dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, monospace; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(145px, 1fr)); gap: 12px; margin: 16px 0; }
.tile, section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.tile { padding: 10px 14px; }
.tile b { display: block; font-size: 1.45rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .85rem; }
section { padding: 14px 16px; margin-bottom: 16px; min-width: 0; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px; }
.plots section { margin: 0; }
.plots { margin-bottom: 16px; }
svg { display: block; width: 100%; height: auto; font: 11.5px system-ui, sans-serif; }
svg text { fill: var(--soft); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 14px; margin-top: 8px; font-size: .85rem; color: var(--soft); }
.legend svg { display: inline-block; width: 12px; height: 12px; vertical-align: -1px; }
.grid { stroke: var(--grid); }
.axis { stroke: var(--grey); fill: none; }
.limit { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 5 4; }
svg .share-tick { fill: var(--share-text); }
svg .limit-label { fill: var(--bad); font-weight: 600; }
.marker { stroke: var(--text); stroke-dasharray: 2 3; }
.delivered, .latency, .duty { fill: var(--blue); }
.lost, .over { fill: var(--red); }
.nopath { fill: var(--grey); }
.shade { fill: var(--grey); fill-opacity: .22; }
.share { fill: none; stroke: var(--orange); stroke-width: 2.2; stroke-linejoin: round; }
.swatch-share { fill: var(--orange); }
.k-data { fill: var(--blue); } .k-ack { fill: var(--sky); } .k-link { fill: var(--green); }
.k-beacon { fill: var(--yellow); } .k-announce { fill: var(--orange); } .k-gossip { fill: var(--pink); }
.k-other { fill: var(--grey); } .k-attack { fill: var(--red); }
.link { fill: none; stroke: var(--blue); }
.q0 { stroke-width: .7; stroke-opacity: .35; } .q1 { stroke-width: 1; stroke-opacity: .5; }
.q2 { stroke-width: 1.6; stroke-opacity: .65; } .q3 { stroke-width: 2.4; stroke-opacity: .8; }
.link.idle { stroke: var(--grey); stroke-opacity: .45; stroke-width: .8; stroke-dasharray: 2 4; }
.wire { fill: none; stroke: var(--pink); stroke-width: 3.2; } .wire.idle { stroke-dasharray: 6 5; }
.swatch-link { fill: var(--blue); fill-opacity: .6; } .swatch-idle { fill: var(--grey); fill-opacity: .45; }
.swatch-wire { fill: var(--pink); } .swatch-cut { fill: var(--orange); fill-opacity: .3; }
.node { stroke: var(--card); stroke-width: 1.2; }
.d0 { fill: var(--green); } .d1 { fill: var(--yellow); } .d2 { fill: var(--orange); } .d3 { fill: var(--red); }
.attacker { fill: var(--text); }
.down { fill: var(--card); stroke: var(--grey); stroke-width: 2; }
.cut { fill: var(--orange); stroke: var(--orange); stroke-width: 44; stroke-linejoin: round; opacity: .16; }
svg .marker-label { fill: var(--text); paint-order: stroke; stroke: var(--card); stroke-width: 4px; }
svg .name { font-size: 10.5px; fill: var(--text); paint-order: stroke; stroke: var(--card); stroke-width: 3px; }
.scroll { overflow-x: auto; max-height: 70vh; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap; }
th { color: var(--soft); font-weight: 600; position: sticky; top: 0; background: var(--card); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td { font-variant-numeric: tabular-nums; }
td:first-child { max-width: 22em; overflow: hidden; text-overflow: ellipsis; }
.text { text-align: left; }
td.hash { font-family: ui-monospace, monospace; }
summary { cursor: pointer; font-weight: 600; }
summary + * { margin-top: 10px; }
`;

/** docs/regions.md, rendered from the regions, so that it says what the code does. */
import {
  allRegions,
  bandReceiveOnly,
  type Region,
  regionReceiveOnly,
  type SubBand,
  transmittingRegions,
} from "./index.ts";

import { accessText, channelText, citations, percentText, powerCell, rangeText, widthText } from "./text.ts";

export const REGIONS_PAGE = "docs/regions.md";

/** A Markdown table, padded as prettier does it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = head.map((title, i) => Math.max(3, title.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(width[i] ?? 0)).join(" | ")} |`;
  return [line(head), `| ${width.map((n) => "-".repeat(n)).join(" | ")} |`, ...rows.map(line)].join("\n");
}

function bandRow(band: SubBand): string[] {
  return [
    band.name,
    rangeText(band).replace(" MHz", ""),
    powerCell(band),
    band.duty === undefined ? "-" : percentText(band.duty.permille),
    accessText(band),
    widthText(band),
    bandReceiveOnly(band) === undefined ? "transmits" : "receive-only",
  ];
}

const BAND_HEAD = ["sub-band", "MHz", "power", "of an hour", "time", "channel", "state"];

function section(region: Region): string {
  const { channel } = region;
  const reasons = new Map<string, string[]>();
  for (const band of region.bands) {
    const closed = bandReceiveOnly(band);
    if (closed !== undefined) reasons.set(closed, [...(reasons.get(closed) ?? []), band.name]);
  }
  const parts = [
    `### ${region.id}: ${region.name}`,
    table(BAND_HEAD, region.bands.map(bandRow)),
    ...[...reasons].map(([reason, names]) => `Receive-only, ${names.join(", ")}: ${reason}.`),
    ...region.gaps.map((gap) => `Closed, ${rangeText(gap)}: ${gap.why}.`),
    `Default channel: ${channelText(channel)}, ${channel.powerDbm} dBm.`,
    `Written in:\n\n${citations(region.bands)
      .map((text) => `- ${text}`)
      .join("\n")}`,
    ...(region.checked === undefined ? [] : [`Checked: ${region.checked}.`]),
    ...(region.notes.length > 0 ? [region.notes.join(" ")] : []),
  ];
  return parts.join("\n\n");
}

/** The text of the page. */
export function renderRegionsPage(): string {
  const closed = allRegions().flatMap((region) => {
    const reason = regionReceiveOnly(region);
    return reason === undefined ? [] : [[`\`${region.id}\``, region.name, reason]];
  });
  return `${[
    "<!-- Rendered from boards/regions by `mehr generate`. Edit the regions instead. -->",
    "# Regions: the law of the air",
    INTRODUCTION,
    "## Regions that transmit",
    ...transmittingRegions().map(section),
    "## Regions that only receive",
    "A limit whose text nobody could name, or whose condition no relay of ours meets, is not guessed: the region only receives. `mehr law <region>` shows what is known of it.",
    table(["region", "name", "why"], closed),
    "## What is not here",
    MISSING,
  ].join("\n\n")}\n`;
}

const INTRODUCTION = `This is not legal advice. The law is the regulator's text as it is in force where the station stands; whoever switches a
transmitter on answers for it. What is here was gathered in 2026. Each limit names its text, and each region says how the
numbers were compared with it: not every regulator's own document was at hand. Read it before you rely on it.

A board without a region only listens. \`mehr build <board> --region eu868\` bakes a region's channel, power and limits into the
image, and the core keeps them: the share of any hour, the longest transmission, the pause after it, and listening before
it. Settings the law does not allow are refused with the rule, what came, and the fix (exit code 2):

\`\`\`
$ mehr law us915 --bw 125
$ mehr build rak4631 --region eu868 --power 20 --antenna-gain 5
\`\`\`

How a limit is read:

- **Range.** The whole emission, centre frequency plus and minus half the bandwidth, lies inside one sub-band. Sub-bands that
  overlap are alternatives; a channel over the edge of two is refused.
- **Power** is against its own reference: ERP over a half-wave dipole, EIRP over an isotropic antenna (EIRP = ERP + 2.15 dB), or
  conducted, with what the antenna has above a stated gain taken off. \`--gain\` and \`--antenna-gain\` are those of the antenna less
  the loss of its cable; without them a dipole's 2.15 dBi is assumed. Results are in tenths of a decibel, rounded down.
- **Density** is that of power spread evenly over the LoRa bandwidth, which is what a chirp does.
- **Of an hour** is a duty cycle over any 3600 s, not over clock hours. Fractions of a per mille are rounded down.
- **Time** is the longest transmission, the silence after it, and how long the channel must have been below a level before it.
- A relay's largest packet is two frames of 255 bytes; a channel where one is longer than the longest transmission, or both are
  longer than four fifths of the hour's allowance, is refused: such a relay could only queue for ever.
- Where readers of a text disagree, the stricter reading is set.`;

const MISSING = `- Listening instead of a duty cycle in Europe (polite spectrum access): it needs adaptive frequency agility, and a relay stays on
  one channel.
- Hopping (United States, Brazil, Australia, Taiwan, India): a relay stays on one channel.
- Adaptive power control, and so the 500 mW of 865-868 MHz.
- Approval of the equipment, which many countries ask for whatever its settings (FCC, Anatel, giteki, WPC, SIRIM, NCC).
- Bands on board aircraft and ships, near radio observatories and borders.
- Other countries. A country whose act carries out the CEPT bands may use \`eu868\` after a look at its national list.`;

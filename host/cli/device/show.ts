/** Words and numbers for a person. */
import type { Ping } from "../../device/ping.ts";
import type { Heard } from "../../device/ping.ts";
import type { TextMessage } from "../../device/text.ts";

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** "3 d 4 h", "5 min 20 s": two units of a duration in ms. */
export function duration(ms: number | bigint): string {
  let rest = Math.floor(Number(ms) / 1000);
  if (rest < 1) return "under 1 s";
  const parts: string[] = [];
  for (const [unit, seconds] of [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(" ");
}

export function signal(rssiDbm: number | undefined, snrDb: number | undefined): string {
  return rssiDbm === undefined || snrDb === undefined ? "not by radio" : `${rssiDbm} dBm, SNR ${snrDb} dB`;
}

function heard(label: string, what: Heard | undefined): string[] {
  return what === undefined ? [] : [`${label} ${signal(what.rssiDbm, what.snrDb)}, ${duration(what.silentForMs)} ago`];
}

export function pingLines(result: Ping): string[] {
  const how =
    result.by === "probe"
      ? `there and back in ${result.roundTripMs} ms (${result.bps} bit/s, packets of ${result.mtu} bytes)`
      : `there and back in about ${result.roundTripMs} ms, as the link measures it (too slow for a probe)`;
  return [
    how,
    ...(result.answer === undefined ? [] : [`answer heard at ${signal(result.answer.rssiDbm, result.answer.snrDb)}`]),
    ...heard("its beacons here:", result.here),
    ...heard("ours over there:", result.there),
  ];
}

/** One line for a message; control characters cannot be in it, by the codec, and not in what is no text either. */
export function messageLine(message: TextMessage): string {
  const when =
    message.unixMs === undefined
      ? `${duration(message.receivedMs)} after its start`
      : new Date(message.unixMs).toISOString();
  const what =
    message.text === undefined
      ? `${message.data.length} bytes of ${message.context.toString(16)}/${message.subType.toString(16)}: ${hex(message.data)}`
      : clean(message.text);
  return `${when}  (${signal(message.rssiDbm, message.snrDb)})  ${what}${message.truncated ? " [cut off]" : ""}`;
}

/** A stranger's text must not drive the terminal: control characters and what turns the writing direction go. */
export function clean(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

export function messageJson(message: TextMessage): Record<string, unknown> {
  return {
    sequence: message.sequence,
    unix_ms: message.unixMs ?? null,
    received_ms: message.receivedMs,
    rssi_dbm: message.rssiDbm ?? null,
    snr_db: message.snrDb ?? null,
    destination: hex(message.destination),
    text: message.text ?? null,
    context: message.context,
    sub_type: message.subType,
    data: hex(message.data),
    truncated: message.truncated,
  };
}

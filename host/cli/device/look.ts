/** `mehr device identify`, `status`, `lock`: what a board says of itself. */
import type { LogLevel } from "../../board/messages.gen.ts";
import { LockState, ResetCause } from "../../board/messages.gen.ts";
import { LOG_LEVELS } from "../../board/log-levels.ts";
import type { Io } from "../outcome.ts";
import { type DeviceFlags, withDevice } from "./connect.ts";
import { duration, hex, signal } from "./show.ts";

const nameOf = (values: Readonly<Record<string, number>>, value: number): string =>
  (Object.entries(values).find(([, each]) => each === value)?.[0] ?? `${value}`)
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();

export async function identify(io: Io, flags: DeviceFlags): Promise<number> {
  return withDevice(io, flags, async (device, port) => {
    const identity = await device.identify();
    const stored = await device.provisionRead();
    const proof = identity.status === 0 ? await device.prove() : undefined;
    const proven = proof !== undefined && hex(proof.nodeId) === identity.nodeId;
    io.result({
      ok: true,
      port,
      status: identity.status,
      name: identity.name,
      board: identity.board,
      runtime: identity.runtime,
      address: identity.nodeId,
      public_key: proof === undefined ? null : hex(proof.publicKey),
      proven,
      image_sha256: identity.imageSha256 ?? null,
      core: {
        engine: identity.engine,
        size: identity.wasmSize,
        sha256: identity.wasmSha256,
        abi_version: identity.abiVersion,
      },
      provisioned: identity.provisioned,
      region: stored?.record.region ?? null,
      lock: identity.lock,
    });
    io.print(`${identity.name === "" ? "(not provisioned)" : identity.name}  ${identity.board} on ${port}`);
    io.print(`address     ${identity.nodeId}${proven ? "" : "  (not proven)"}`);
    if (proof !== undefined) io.print(`public key  ${hex(proof.publicKey)}`);
    io.print(`firmware    ${identity.runtime}, image ${identity.imageSha256 ?? "of unknown hash"}`);
    io.print(
      `core        ${identity.wasmSize} bytes under ${identity.engine}, ABI ${identity.abiVersion}, ${identity.wasmSha256}`,
    );
    if (stored !== undefined) {
      const region = stored.record.region === "" ? "no region: it only listens" : stored.record.region;
      io.print(`provisioned ${region}, ${stored.trusted.length} trusted peers`);
    }
    io.print(`lock        ${identity.lock}`);
    if (identity.status !== 0) io.print(`The core does not run: status ${identity.status}.`);
    return identity.status === 0 ? 0 : 1;
  });
}

export async function status(io: Io, flags: DeviceFlags): Promise<number> {
  return withDevice(io, flags, async (device, port) => {
    const identity = await device.identify();
    const health = await device.health();
    const core = identity.status === 0 ? await device.status() : undefined;
    const neighbours = core === undefined ? [] : await device.neighbours();
    const links = core === undefined ? [] : await device.links();
    const routes = core === undefined ? [] : await device.routes();
    io.result({
      ok: identity.status === 0,
      port,
      name: identity.name,
      address: identity.nodeId,
      reset_cause: nameOf(ResetCause, health.resetCause),
      uptime_ms: Number(health.uptimeMs),
      unix_ms: health.unixMs === 0n ? null : Number(health.unixMs),
      battery_mv: health.batteryMv === 0 ? null : health.batteryMv,
      resting: health.resting === 1,
      log_level: LOG_LEVELS[health.logLevel],
      records: { used: health.recordsUsed, size: health.recordsSize },
      flash_writes: health.flashWrites,
      inbox: health.inboxCount,
      last_words: health.lastWords === "" ? null : health.lastWords,
      airtime: core && {
        used_ms: core.airtimeUsedMs,
        allowed_ms: core.airtimeAllowedMs,
        utilisation_permille: core.utilisationPermille,
      },
      counters: core?.counters,
      refused: core?.refused,
      neighbours: neighbours.map((each) => ({
        address: hex(each.nodeId),
        up: each.state === 1,
        port: each.port,
        rssi_dbm: each.port === 0 ? each.rssiDbm : null,
        snr_db: each.port === 0 ? each.snrQdb / 4 : null,
        beacons: each.beacons,
        silent_for_ms: each.silentForMs,
      })),
      links: links.map((each) => ({
        address: hex(each.nodeId),
        port: each.port,
        up_for_s: each.upForS,
        reliability: each.reliability / 255,
        latency_ms: each.latencyMs,
        mtu: each.mtu,
        trusted: each.relayClass === 1,
      })),
      routes: routes.map((each) => ({
        destination: hex(each.destination),
        next_hop: hex(each.nextHop),
        hops: each.hops,
        latency_ms: each.latencyMs,
        stale: (each.paths & 0x80) !== 0,
      })),
    });
    io.print(`${identity.name === "" ? identity.board : identity.name}  ${identity.nodeId}`);
    io.print(`up ${duration(health.uptimeMs)}, started by ${nameOf(ResetCause, health.resetCause)}`);
    if (health.lastWords !== "") io.print(`its last words before that: ${health.lastWords}`);
    io.print(
      health.unixMs === 0n
        ? "it does not know the time (`mehr device time`)"
        : new Date(Number(health.unixMs)).toISOString(),
    );
    if (health.batteryMv > 0)
      io.print(`battery ${health.batteryMv} mV${health.resting === 1 ? ": too low, the radio rests" : ""}`);
    io.print(
      `records ${health.recordsUsed} of ${health.recordsSize} bytes, ${health.flashWrites} flash writes since its start`,
    );
    if (core !== undefined) {
      io.print(
        `airtime: ${seconds(core.airtimeUsedMs)} of the hour's ${seconds(core.airtimeAllowedMs)} s spent or set aside; the channel is ${core.utilisationPermille / 10} % busy`,
      );
      io.print(
        `${core.neighboursUp} neighbours up of ${core.neighboursKnown}, ${links.length} links, ${routes.length} routes`,
      );
      for (const each of neighbours) {
        const heard = each.port === 0 ? signal(each.rssiDbm, each.snrQdb / 4) : `interface ${each.port}`;
        io.print(
          `  ${hex(each.nodeId)}  ${heard}, ${each.state === 1 ? "up" : "down"}, ${duration(each.silentForMs)} ago`,
        );
      }
      if (health.inboxCount > 0) io.print(`${health.inboxCount} messages (\`mehr device receive\`)`);
    } else io.print(`The core does not run: status ${identity.status}.`);
    return core === undefined ? 1 : 0;
  });
}

const LOCK_TEXT = {
  [LockState.Open]: "open: it has no PIN, and takes every request (`mehr provision` sets one)",
  [LockState.Locked]: "locked: what changes something needs its PIN, or its button held for three seconds",
  [LockState.Held]: "held open by its button, for a minute",
};

export async function lock(io: Io, flags: DeviceFlags): Promise<number> {
  return withDevice(io, flags, async (device, port) => {
    const hello = await device.hello();
    io.result({ ok: true, port, lock: nameOf(LockState, hello.lock), pin: hello.pinLogN > 0, wait_ms: hello.waitMs });
    io.print(LOCK_TEXT[hello.lock]);
    if (hello.waitMs > 0) io.print(`It looks at no PIN for ${duration(hello.waitMs)}, because wrong ones came.`);
    return 0;
  });
}

export async function time(io: Io, flags: DeviceFlags): Promise<number> {
  return withDevice(io, flags, async (device) => {
    const now = BigInt(Date.now());
    const { unixMs: before } = await device.health();
    await device.setTime(now);
    const off = before === 0n ? undefined : Number(now - before);
    io.result({ ok: true, unix_ms: Number(now), was_off_by_ms: off ?? null });
    io.print(`It is told that it is ${new Date(Number(now)).toISOString()}.`);
    io.print(
      off === undefined
        ? "It did not know the time before."
        : `Its clock was ${Math.abs(off)} ms ${off < 0 ? "ahead" : "behind"}.`,
    );
    return 0;
  });
}

export async function log(io: Io, flags: DeviceFlags & { level?: string; seconds?: number }): Promise<number> {
  const lines: { level: string; text: string }[] = [];
  const listener = {
    log: (level: string, text: string): void => {
      if (io.json) lines.push({ level, text });
      else io.print(`${new Date().toISOString()} ${level.padEnd(5)} ${text}`);
    },
  };
  return withDevice(
    io,
    flags,
    async (device) => {
      const wanted = LOG_LEVELS.findIndex((level) => level === flags.level);
      if (wanted >= 0) await device.setLogLevel(wanted as LogLevel);
      io.progress(`It logs what is ${flags.level ?? LOG_LEVELS[(await device.health()).logLevel]} or more important.`);
      await new Promise<void>((resolve) => {
        io.onInterrupt(resolve);
        if (flags.seconds !== undefined) setTimeout(resolve, flags.seconds * 1000);
      });
      io.result({ ok: true, lines });
      return 0;
    },
    { listener },
  );
}

/** Milliseconds as seconds, one digit behind the point. */
function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

/**
 * The DFU package an Adafruit nRF52 bootloader takes over USB serial and BLE: a ZIP with manifest.json, the application
 * and its init packet.
 *
 * Facts: Nordic nRF5 SDK 11 "Init packet" (device type and revision u16, application version u32, number of
 * SoftDevices u16, their firmware ids u16 each, then CRC-16 of the image; little endian) and what adafruit-nrfutil
 * 0.5.3.post16 writes for `dfu genpkg --dev-type 0x0052 --sd-req <id>`, whose files ours equal byte by byte. The
 * bootloader refuses a package whose list lacks the id of the SoftDevice it runs (0xFFFE in it would mean "any").
 */
import * as z from "zod";
import { bad, good, hex, type Read, view } from "./read.ts";
import { readZip, writeZip } from "./zip.ts";

/** `--dev-type` the Adafruit bootloader accepts (platform-nordicnrf52 builder/main.py). */
export const DFU_DEVICE_TYPE = 0x0052;
/** What the packet says where there is nothing to say. */
const ANY_REVISION = 0xffff;
const ANY_VERSION = 0xffff_ffff;

export interface DfuPackage {
  readonly application: Uint8Array;
  readonly deviceType: number;
  /** Firmware ids of the SoftDevices it may run beside. */
  readonly softdevices: readonly number[];
}

/** CRC-16/IBM-3740 ("CCITT-FALSE"): polynomial 0x1021, register 0xFFFF, nothing reflected (nRF5 SDK crc16.c). */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ ((crc & 0x8000) === 0 ? 0 : 0x1021)) & 0xffff;
  }
  return crc;
}

/** A package with an application; its length must be a multiple of four, as the bootloader writes words. */
export function writeDfuPackage(application: Uint8Array, softdevice: number): Uint8Array {
  const crc = crc16(application);
  const packet = new Uint8Array(14);
  const data = view(packet);
  data.setUint16(0, DFU_DEVICE_TYPE, true);
  data.setUint16(2, ANY_REVISION, true);
  data.setUint32(4, ANY_VERSION, true);
  data.setUint16(8, 1, true);
  data.setUint16(10, softdevice, true);
  data.setUint16(12, crc, true);
  const manifest = {
    manifest: {
      application: {
        bin_file: "firmware.bin",
        dat_file: "firmware.dat",
        init_packet_data: {
          application_version: ANY_VERSION,
          device_revision: ANY_REVISION,
          device_type: DFU_DEVICE_TYPE,
          firmware_crc16: crc,
          softdevice_req: [softdevice],
        },
      },
      dfu_version: 0.5,
    },
  };
  return writeZip([
    { name: "manifest.json", bytes: Buffer.from(JSON.stringify(manifest, null, 4)) },
    { name: "firmware.bin", bytes: application },
    { name: "firmware.dat", bytes: packet },
  ]);
}

const u16 = z.int().min(0).max(0xffff);
const manifestSchema = z.object({
  manifest: z.strictObject({
    application: z.object({
      bin_file: z.string(),
      dat_file: z.string(),
      init_packet_data: z.object({ device_type: u16, firmware_crc16: u16, softdevice_req: z.array(u16) }),
    }),
    dfu_version: z.literal(0.5),
  }),
});

/** A package with an application alone: its checksum is right and its two descriptions of itself agree. */
export function readDfuPackage(file: Uint8Array): Read<DfuPackage> {
  const zip = readZip(file);
  if (!zip.ok) return zip;
  const find = (name: string): Uint8Array | undefined => zip.value.find((entry) => entry.name === name)?.bytes;
  const text = find("manifest.json");
  if (text === undefined) return bad("it is no DFU package: it has no manifest.json");
  const manifest = manifestSchema.safeParse(parseJson(text));
  if (!manifest.success) return bad("its manifest.json is not that of an application for a legacy DFU bootloader");
  const { bin_file, dat_file, init_packet_data: said } = manifest.data.manifest.application;
  const [application, packet] = [find(bin_file), find(dat_file)];
  if (application === undefined || packet === undefined) return bad(`it lacks ${bin_file} or ${dat_file}`);
  const init = readInitPacket(packet);
  if (!init.ok) return init;
  const { deviceType, softdevices, crc } = init.value;
  const same =
    said.device_type === deviceType && said.firmware_crc16 === crc && said.softdevice_req.join() === softdevices.join();
  if (!same) return bad(`its manifest.json and ${dat_file} say different things`);
  if (application.length === 0 || application.length % 4 !== 0) return bad(`${bin_file} in it is not whole words`);
  const is = crc16(application);
  if (is !== crc) return bad(`the CRC-16 of ${bin_file} in it is ${hex(is, 4)} and ${dat_file} says ${hex(crc, 4)}`);
  return good({ application, deviceType, softdevices });
}

interface InitPacket {
  readonly deviceType: number;
  readonly softdevices: readonly number[];
  readonly crc: number;
}

function readInitPacket(packet: Uint8Array): Read<InitPacket> {
  const data = view(packet);
  const count = packet.length >= 10 ? data.getUint16(8, true) : 0;
  if (packet.length !== 12 + 2 * count) return bad(`its init packet has ${packet.length} bytes`);
  const softdevices = Array.from({ length: count }, (_, i) => data.getUint16(10 + 2 * i, true));
  return good({ deviceType: data.getUint16(0, true), softdevices, crc: data.getUint16(10 + 2 * count, true) });
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
}

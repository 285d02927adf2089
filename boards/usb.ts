/**
 * USB ids that say which chip answers and not which board. Elsewhere an id and a mode belong to one board, so that a
 * host tool that finds it knows what it found; for these it has to ask: INFO_UF2.TXT, the ROM, or the console.
 */

export interface UsbId {
  readonly vid: number;
  readonly pid: number;
}

/** "239A:8029" */
export function usbName({ vid, pid }: UsbId): string {
  return [vid, pid].map((half) => half.toString(16).toUpperCase().padStart(4, "0")).join(":");
}

const SHARED: ReadonlyMap<string, string> = new Map([
  ["303A:1001", "the USB Serial/JTAG controller inside every ESP32-S3"],
  ["10C4:EA60", "every CP210x as its maker ships it"],
  ["1A86:55D4", "every CH9102"],
  ["239A:0029", "the Adafruit nRF52 bootloader's, which vendors ship unchanged"],
  ["239A:002A", "the Adafruit nRF52 bootloader's second, without the drive"],
  ["239A:4405", "what Meshtastic's board files give both the T-Echo and the T114"],
  ["2E8A:0003", "the boot ROM of every RP2040"],
  ["2E8A:000A", "every image made with arduino-pico for the board rpipico"],
]);

/** Why several boards may have this id; undefined for one that belongs to a single board. */
export function sharedUsb(id: UsbId): string | undefined {
  return SHARED.get(usbName(id));
}

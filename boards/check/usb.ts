/** Whether the USB ids of a board value are ones its chip and firmware can answer with. */
import { usbName } from "../usb.ts";
import type { RealCheck } from "./report.ts";

const checkUsbOnce: RealCheck = (board, _mcu, report) => {
  const seen = new Map<string, number>();
  board.usb.forEach((id, index) => {
    const name = `${usbName(id)} in mode ${id.mode}`;
    const first = seen.get(name);
    if (first !== undefined) report(`usb.${index}`, `${name} is usb.${first} too`, "name it once");
    else seen.set(name, index);
  });
};

/** The chips whose USB our image brings up itself; a host finds the relay's console by the id it answers with. */
const OWN_USB = ["nrf52840", "rp2040"];

const checkUsbModes: RealCheck = (board, mcu, report) => {
  const modes = new Set(board.usb.map(({ mode }) => mode));
  if (board.mcu === "esp32") {
    board.usb.forEach(({ mode }, index) => {
      if (mode === "bridge") return;
      report(`usb.${index}.mode`, `the ${mcu.name} has no USB of its own`, 'write "bridge", the UART chip\'s id');
    });
  }
  if (OWN_USB.includes(board.mcu)) {
    for (const mode of ["app", "bootloader"] as const) {
      if (!modes.has(mode)) report("usb", `no id is of mode ${mode}`, `add the one the ${mcu.name} answers with then`);
    }
  }
  if (board.mcu === "esp32s3" && !modes.has("bridge")) {
    // ARDUINO_USB_MODE=1 (render.ts): the console is the USB Serial/JTAG controller, in the image and in the ROM.
    for (const mode of ["app", "bootloader"] as const) {
      if (board.usb.some((id) => id.mode === mode && usbName(id) === "303A:1001")) continue;
      const came = `no id of mode ${mode} is 303A:1001, the ${mcu.name}'s own controller, and none is of mode bridge`;
      report("usb", came, `add { vid: 0x303a, pid: 0x1001, mode: "${mode}" }, or the bridge on the socket`);
    }
  }
};

export const USB_CHECKS: readonly RealCheck[] = [checkUsbOnce, checkUsbModes];

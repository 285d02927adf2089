/**
 * The shape of a board value. One board is one file that default-exports `defineBoard({...})`; this schema says which
 * fields it has, `check.ts` says whether they make sense together.
 *
 * Short names in `source` and in comments of this folder, with the commits read:
 *   MT    meshtastic/firmware 775406858                    MC    meshcore-dev/MeshCore d9296435
 *   P32   platformio/platform-espressif32 6.13.0           PNRF  platformio/platform-nordicnrf52 10.11.0
 *   BSP   adafruit/Adafruit_nRF52_Arduino fa129c2a         BL    adafruit/Adafruit_nRF52_Bootloader
 *   OTAFIX oltaco/Adafruit_nRF52_Bootloader_OTAFIX e49b3fd PRP   maxgerhardt/platform-raspberrypi cc24cfef
 */
import * as z from "zod";
import { ENGINES, endsLikeVariant } from "./engine.ts";
import { MCU_IDS, SOFTDEVICES } from "./mcu.ts";
import { RADIO_CHIPS } from "./radio.ts";

/** Hardware classes of the network (protocol/0-overview section 2). A solar relay is `minimal`. */
export const TIERS = ["minimal", "community", "gateway"] as const;
export const VERIFIED = ["built", "emulated", "hardware"] as const;
export const FLASHING = ["esptool", "uf2", "dfu", "swd", "picotool"] as const;

const pinForm = { error: 'write a pin as "P1.11" on nRF52840 and as a GPIO number elsewhere' };
const pin = z.union([z.string().regex(/^P[01]\.\d\d$/, pinForm), z.int(pinForm).min(0).max(63)], pinForm);
const active = z.enum(["low", "high"]);
const usbId = z.int("write a USB id as a number of 16 bits, such as 0x239a").min(1).max(0xffff);
const address = z.int("write an address as a number of 32 bits, such as 0x26000").min(0).max(0xffff_ffff);
const note = z.string().min(10, { error: "say why in a few words" });
/** Printable ASCII without quotes and backslashes: these texts go into C, JSON and ini files unescaped. */
const label = z
  .string()
  .min(1)
  .max(60)
  .regex(/^[ !#-[\]-~]+$/, { error: "use printable ASCII without quotes and backslashes" });

/** A board's id: the name of its file, of its environment in platformio.ini and of its folder in dist/. */
export const boardId = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, { error: "use lower-case letters, digits and single dashes" })
  .refine((id) => !endsLikeVariant(id), { error: "do not end it like the name of an engine's variant" });

const common = {
  id: boardId,
  name: label,
  mcu: z.enum(MCU_IDS),
  tier: z.enum(TIERS),
  /** What it can be built with; a build that names none takes the first. Whether its RAM holds them: memory.ts. */
  engines: z.tuple([z.enum(ENGINES)], z.enum(ENGINES)),
  /** The strongest proof there is for this board; left out until there is one. */
  verified: z.enum(VERIFIED).optional(),
  /** Where the facts come from: short citations a reader can follow. */
  source: z.array(z.string().min(5)).min(1, { error: "cite at least one source" }),
};

const radio = z.strictObject({
  chip: z.enum(RADIO_CHIPS),
  /** Frequencies the module's matching network and antenna are made for, MHz. */
  bandsMHz: z.array(z.tuple([z.number(), z.number()])).min(1, { error: "give the module's bands, such as [863, 928]" }),
  /** `irq` is DIO1 on SX126x and DIO0 on SX127x; `dio1` is an SX127x's second line; `busy` exists on SX126x only. */
  pins: z.strictObject({
    sck: pin,
    miso: pin,
    mosi: pin,
    nss: pin,
    reset: pin,
    irq: pin,
    dio1: pin.optional(),
    busy: pin.optional(),
  }),
  /** The SPI block, on a chip whose pins belong to one (RP2040). */
  spi: z.union([z.literal(0), z.literal(1)]).optional(),
  /** Supply of the TCXO on DIO3 in volts; left out when the module has a crystal. */
  tcxoVolts: z.number().optional(),
  /** Who turns the antenna switch: the chip's DIO2, pins of ours, or both; left out when the module does it alone. */
  rfSwitch: z.strictObject({ dio2: z.boolean().optional(), rxen: pin.optional(), txen: pin.optional() }).optional(),
});

const realSchema = z.strictObject({
  ...common,
  radio,
  /** Supplies to switch on before what they feed is used; `peripherals` stay off on a relay. */
  power: z.array(z.strictObject({ feeds: z.enum(["radio", "board", "peripherals"]), pin, active })).optional(),
  /** A power management chip at I2C address 0x34, an AXP192 or an AXP2101, told apart at boot; it measures the battery. */
  pmu: z
    .strictObject({
      sda: pin,
      scl: pin,
      irq: pin.optional(),
      /** The rail that feeds the radio, by the chip found, and its voltage. */
      radio: z.strictObject({
        axp192: z.enum(["LDO2", "LDO3"]),
        axp2101: z.enum(["ALDO1", "ALDO2", "ALDO3", "ALDO4"]),
      }),
      millivolts: z.int().min(1800).max(3300),
    })
    .optional(),
  led: z.strictObject({ pin, active }).optional(),
  /** A push button for the owner: held for 3 s it opens a locked console. `pull`: the chip's own resistor, if it needs one. */
  button: z.strictObject({ pin, active, pull: z.enum(["up", "down"]).optional() }).optional(),
  battery: z
    .strictObject({
      pin,
      /** Battery volts = volts at the pin x divider. */
      divider: z.number(),
      /** ADC reference, on chips that choose one (nRF). */
      referenceVolts: z.number().optional(),
      /** ADC attenuation, on chips that have one (ESP32). */
      attenuationDb: z.number().optional(),
      /** `probe`: revisions differ; read the pin as an input first, the active level is the opposite. */
      enable: z.strictObject({ pin, active: z.enum(["low", "high", "probe"]) }).optional(),
    })
    .optional(),
  /** Below the first the radio stays off until the battery is above the second; 3.3 and 3.5 V unless given. */
  lockout: z.strictObject({ belowVolts: z.number(), resumeVolts: z.number() }).optional(),
  /** What the board takes beside chip and radio while it rests (regulator, UART bridge, LED), and who says so. */
  draw: z.strictObject({ microamps: z.number().min(0), source: z.string().min(5) }).optional(),
  /** Pins firmware must never drive, with the reason. */
  leave: z.record(z.string(), note).optional(),
  /** Strapping and fixed-function pins this board uses all the same, with the reason it is harmless. */
  acknowledge: z.record(z.string(), note).optional(),
  psram: z.strictObject({ bytes: z.int().min(1), bus: z.enum(["quad", "octal"]) }).optional(),
  flash: z.strictObject({
    size: z.int().min(1),
    bootloader: address,
    app: z.strictObject({ offset: address, max: z.int().min(1) }),
    softdevice: z.enum(SOFTDEVICES).optional(),
    /** Partition table of the Arduino core (ESP32). */
    partitions: z.string().optional(),
  }),
  flashing: z.array(z.enum(FLASHING)).min(1, { error: "name at least one way to flash the board" }),
  uf2: z.strictObject({ family: address, boardId: label.optional(), drive: label.optional() }).optional(),
  /** `bridge` is a UART chip between socket and MCU; `app` and `bootloader` are the MCU's own USB. */
  usb: z.array(z.strictObject({ vid: usbId, pid: usbId, mode: z.enum(["app", "bootloader", "bridge"]) })).min(1),
  /** `board` is an id the pinned platform ships; `variant` asks for a board file rendered from this value. */
  platformio: z.strictObject({
    platform: z.enum(["nordicnrf52", "espressif32", "raspberrypi"]),
    framework: z.literal("arduino"),
    board: z.string().min(1).optional(),
    variant: z.string().min(1).optional(),
    vendor: label.optional(),
    url: z.url().optional(),
  }),
});

const virtualSchema = z.strictObject({
  ...common,
  /** The program that runs the board, its machine, and the folder of its HAL in boards/runtime/hal. */
  virtual: z.strictObject({
    emulator: z.enum(["qemu-system-arm", "qemu-system-riscv32", "process"]),
    machine: label,
    hal: z.string().regex(/^[a-z0-9_]+$/, { error: "name a folder of boards/runtime/hal" }),
  }),
});

export type RealBoard = z.infer<typeof realSchema>;
export type VirtualBoard = z.infer<typeof virtualSchema>;
export type Board = RealBoard | VirtualBoard;

/** Gives a board file its types while it is written. It does not check: `checkBoard` reports every problem at once. */
export function defineBoard(board: Board): Board {
  return board;
}

export function isVirtual(board: Board): board is VirtualBoard {
  return "virtual" in board;
}

/** The schema a value claims to follow: the one for virtual boards when it has a `virtual` field. */
export function schemaOf(value: unknown): typeof realSchema | typeof virtualSchema {
  return typeof value === "object" && value !== null && "virtual" in value ? virtualSchema : realSchema;
}

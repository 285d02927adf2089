/** The shape of fleet.yaml. What its values mean together is checked in file.ts and settings.ts. */
import * as z from "zod";
import { TRUSTED_MAX } from "../../toolchain/console/schema.ts";

/** Version of the layout; a file that names another is refused. */
export const FLEET_VERSION = 1n;

/** Most bytes of a name: the provisioning record's. */
export const NAME_MAX = 32;

/** Where a PIN comes from when no file holds it. */
export const PIN_MODES = ["ask", "generate", "none"] as const;
export type PinMode = (typeof PIN_MODES)[number];

/** An address: what a peer outside the file is named by. */
const ADDRESS = /^[0-9a-fA-F]{32}$/;

export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/**
 * What is wrong with a name; undefined if nothing is. A name goes onto labels, into tables and into the record of the
 * board, and stands for the device among trusted peers.
 */
export function nameProblem(name: string): { readonly came: string; readonly fix: string } | undefined {
  const shown = JSON.stringify(name);
  const bytes = Buffer.byteLength(name, "utf8");
  if (bytes === 0) return { came: "it is empty", fix: `write 1 to ${NAME_MAX} bytes` };
  if (bytes > NAME_MAX)
    return {
      came: `${shown} is ${bytes} bytes long`,
      fix: `write at most ${NAME_MAX} (a letter with an accent takes two)`,
    };
  if (/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(name))
    return { came: `${shown} has a control character`, fix: "write letters, digits, dashes and spaces" };
  if (name.trim() !== name) return { came: `${shown} begins or ends with a space`, fix: "leave the space out" };
  if (name === "all" || isAddress(name))
    return { came: `${shown} has a meaning of its own among trusted peers`, fix: "choose another name" };
  return undefined;
}

/** The texts of `error` are the second half of a sentence: what to write instead. */
function whole(min: number, max: number, what = "a whole number"): z.ZodType<number, bigint> {
  const error = `write ${what} from ${min} to ${max}`;
  return z.bigint({ error }).min(BigInt(min), { error }).max(BigInt(max), { error }).transform(Number);
}

function decimal(min: number, max: number, unit: string): z.ZodType<number> {
  const error = `write a number of ${unit} from ${min} to ${max}`;
  return z
    .union([z.bigint().transform(Number), z.number()], { error })
    .refine((value) => value >= min && value <= max, { error });
}

function text(what: string): z.ZodType<string> {
  const error = `write ${what}`;
  return z.string({ error }).min(1, { error });
}

const peer = z.string({ error: "write a device's name, or an address of 32 hexadecimal digits in quotes" });

/** What a device may set, and `defaults` for all of them. Units are those of `mehr build`. */
const settings = {
  board: text("the id of a board, as `mehr boards` lists them").optional(),
  region: text("the id of a region, as `mehr law` lists them").optional(),
  frequency: decimal(100, 2500, "MHz").optional(),
  bandwidth: decimal(7.8, 1625, "kHz").optional(),
  sf: whole(5, 12, "a spreading factor").optional(),
  preamble: whole(6, 65_535, "a number of symbols").optional(),
  power: whole(-40, 40, "a whole number of dBm").optional(),
  antenna_gain: decimal(-20, 40, "dBi").optional(),
  price: z
    .bigint({ error: "write a whole number of micro-MHR per KiB" })
    .min(0n, { error: "write a whole number of micro-MHR per KiB from 0 to 4294967295" })
    .max(0xffff_ffffn, { error: "write a whole number of micro-MHR per KiB from 0 to 4294967295" })
    .optional(),
  cost_tier: whole(0, 3, "a tier").optional(),
  trusted: z
    .union([z.literal("all"), z.array(peer).max(TRUSTED_MAX)], {
      error: `write all, or a list of at most ${TRUSTED_MAX} peers such as [roof-north, roof-south]`,
    })
    .optional(),
  pin: z
    .enum(PIN_MODES, {
      error: "write ask, generate or none; a PIN itself never stands in this file, but in a pin_file",
    })
    .optional(),
  pin_file: text("the path of a file").optional(),
};

const device = z.strictObject(
  {
    name: z.string({ error: "write a name; put one of digits alone in quotes" }),
    port: text("the path of a serial port").optional(),
    usb: text("the serial number of a USB device, in quotes").optional(),
    ...settings,
  },
  { error: "write a device as fields, such as `- name: roof-north`" },
);

export const fleetSchema = z.strictObject(
  {
    version: z.literal(FLEET_VERSION, { error: `write ${FLEET_VERSION}, or update this mehr` }).optional(),
    defaults: z.strictObject(settings, { error: "write settings below it, such as `region: eu868`" }).optional(),
    devices: z
      .array(device, { error: "write a list of devices, each beginning with `- name:`" })
      .min(1, { error: "write at least one device" })
      .max(1000, { error: "write at most 1000 devices; use several files" }),
  },
  { error: "write `devices:` and a list of them" },
);

export type FleetYaml = z.infer<typeof fleetSchema>;
export type DeviceYaml = FleetYaml["devices"][number];
export type SettingsYaml = NonNullable<FleetYaml["defaults"]>;

export const SETTING_NAMES = Object.keys(settings) as readonly (keyof SettingsYaml)[];
export const DEVICE_FIELDS: readonly string[] = Object.keys(device.shape);
export const TOP_FIELDS: readonly string[] = Object.keys(fleetSchema.shape);

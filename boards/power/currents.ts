/**
 * What each chip draws, by what it is doing: the facts under `mehr power`.
 *
 * Currents are at the chip's 3.3 V supply, typical, 25 C. The boards feed it through a linear regulator, which passes
 * current on as it is, so the battery gives the same milliamperes. `range` is what the same state draws under conditions
 * we do not control (which peripherals are clocked, whose part it is); the error table moves each figure across it.
 * `confirmed` says that the figure was read in the cited document or in code of the chip's maker; what is not confirmed
 * is an estimate, says how it was made, and has a range to match.
 */
import type { McuId } from "../mcu.ts";
import type { RadioChipId } from "../radio.ts";
import type { RealBoard } from "../schema.ts";

export interface Current {
  readonly milliamps: number;
  /** Least and most it may be. */
  readonly range: readonly [number, number];
  readonly source: string;
  readonly confirmed: boolean;
}

function confirmed(milliamps: number, range: readonly [number, number], source: string): Current {
  return { milliamps, range, source, confirmed: true };
}

function estimate(milliamps: number, range: readonly [number, number], source: string): Current {
  return { milliamps, range, source, confirmed: false };
}

/**
 * How a chip waits for the next frame or timer. `idle`: the CPU waits for an interrupt, its clocks run. `sleep`: clocks
 * off, RAM kept, a pin or a timer wakes it (System ON of nRF52, light sleep of ESP32, DORMANT of RP2040).
 */
export const REST_STATES = ["idle", "sleep"] as const;
export type RestState = (typeof REST_STATES)[number];

export interface McuCurrents {
  /** CPU clock the Arduino core sets. */
  readonly clockHz: number;
  /**
   * CPU cycles of an instruction as the benchmarks count them (Cortex-M4, QEMU), with flash wait states; on another
   * instruction set it also stands for how many of its own replace one of those.
   */
  readonly cyclesPerInstruction: number;
  readonly running: Current;
  readonly rest: Readonly<Record<RestState, Current>>;
  /** The state this project's HAL rests in while nobody uses the console: boards/runtime/hal/arduino, sleep_until(). */
  readonly asBuilt: RestState;
  /** Share of the time a sleeping chip is up to look at the radio's time limits, which the HAL does every second. */
  readonly wakeShare: number;
}

export type RealMcuId = Exclude<McuId, "cortex-m4" | "rv32" | "host">;

const NRF = "nRF52840 PS v1.7, Current consumption:";
const S3 = "ESP32-S3 Series Datasheet v2.0,";
const ESP = "ESP32 Series Datasheet v5.2, Table 4-2:";
/** About 2 ms a second: out of light sleep, flash and clocks up, two reads over SPI, and down again (estimate). */
const ESP_WAKE = 0.002;
const RP = "RP2040 Datasheet, Table 637:";

export const MCU_CURRENTS: Readonly<Record<RealMcuId, McuCurrents>> = {
  nrf52840: {
    clockHz: 64_000_000,
    // 15 M instructions of a signature check take about 470 ms under wasm3 (measured when the engine was chosen).
    cyclesPerInstruction: 1.8,
    // Nobody sets DCDCEN, neither the Adafruit core nor our HAL, so it is the regulator REG1 as an LDO.
    running: confirmed(6.3, [3.3, 6.5], `${NRF} ICPU, CoreMark from flash, 64 MHz, LDO (3.3 mA with DC/DC)`),
    rest: {
      idle: confirmed(
        0.59,
        [0.4, 0.8],
        "System ON in constant latency mode, a published measurement; PS v1.7 does not list it",
      ),
      sleep: confirmed(0.00316, [0.0024, 0.02], `${NRF} ION_RAMON_RTC, System ON, 256 KB RAM kept, wake on RTC`),
    },
    asBuilt: "sleep",
    wakeShare: 0.0001,
  },
  esp32s3: {
    clockHz: 240_000_000,
    cyclesPerInstruction: 2,
    running: confirmed(51.2, [51.2, 65.9], `${S3} Table 5-9: 240 MHz, one core running, the other idle`),
    rest: {
      idle: confirmed(32.9, [32.9, 47.6], `${S3} Table 5-9: 240 MHz, WAITI, no (all) peripheral clocks`),
      sleep: confirmed(0.24, [0.24, 1.0], `${S3} Table 5-10: light sleep; boards with PSRAM or pull-ups more`),
    },
    asBuilt: "sleep",
    wakeShare: ESP_WAKE,
  },
  esp32: {
    clockHz: 240_000_000,
    cyclesPerInstruction: 2,
    running: confirmed(49, [30, 68], `${ESP} modem-sleep, 240 MHz, dual core, 30 to 68 mA; the middle`),
    rest: {
      idle: confirmed(30, [30, 44], `${ESP} modem-sleep, 240 MHz, dual core, lower end of 30 to 68 mA`),
      sleep: confirmed(0.8, [0.8, 1.6], `${ESP} light sleep`),
    },
    asBuilt: "sleep",
    wakeShare: ESP_WAKE,
  },
  rp2040: {
    clockHz: 133_000_000,
    // No instruction of the M0+ multiplies 32 x 32 to 64 bits, which is most of what cryptography does.
    cyclesPerInstruction: 4,
    running: estimate(24, [15, 35], `${RP} gives 10.4 mA for the boot ROM's idle loop at 48 MHz; scaled to 133 MHz`),
    rest: {
      idle: estimate(15, [8, 24], `${RP} between the boot ROM at 48 MHz (10.4 mA) and running at 133 MHz`),
      sleep: confirmed(0.39, [0.18, 4.5], `${RP} SLEEP (DORMANT 0.18 mA, but nothing keeps time there)`),
    },
    asBuilt: "idle",
    wakeShare: 0,
  },
};

export interface RadioCurrents {
  /** Listening without end, as the relay does whenever it does not send. */
  readonly receiving: Current;
  readonly sleeping: Current;
  readonly standby: Current;
  /** By output power in dBm, ascending; between two points a straight line. */
  readonly transmitting: readonly (readonly [dbm: number, milliamps: number])[];
  /** Least and most of what the table says, as factors. */
  readonly transmittingRange: readonly [number, number];
  readonly transmittingSource: string;
}

const SX126X = "SX1261/2 Data Sheet DS.SX1261-2.W.APP";
const SX127X = "SX1276/77/78/79 Data Sheet, Table 6:";

export const RADIO_CURRENTS: Readonly<Record<RadioChipId, RadioCurrents>> = {
  SX1262: {
    receiving: confirmed(
      5.3,
      [4.6, 5.6],
      `${SX126X} 3.5.1: LoRa 125 kHz, boosted gain, DC-DC (4.6 without boost); the same in LoRa Basics Modem`,
    ),
    sleeping: confirmed(0.0006, [0.00016, 0.0012], `${SX126X}, warm start`),
    standby: estimate(0.6, [0.6, 0.8], `${SX126X} 3.5.1: STDBY_RC; not read again for this table`),
    // Points of Semtech's own table: Lora-net/SWL2001 (LoRa Basics Modem), ral_sx126x_bsp.c, high-power
    // amplifier, DC-DC, 868/915 MHz. It agrees with the data sheet's 118 mA at 22 dBm and 90 mA at 14 dBm.
    transmitting: [
      [-9, 24.0],
      [-5, 30.6],
      [0, 40.6],
      [5, 54.1],
      [10, 70.5],
      [14, 89.3],
      [17, 95.4],
      [20, 103.8],
      [22, 117.9],
    ],
    // RadioLib 7.7.1 sets the amplifier to the least that gives the power asked for; the table has it at its largest.
    transmittingRange: [0.5, 1.1],
    transmittingSource: "Semtech LoRa Basics Modem, ral_sx126x_bsp.c: SX1262, DC-DC, amplifier at its largest setting",
  },
  SX1276: {
    receiving: confirmed(11.5, [10.8, 12.0], `${SX127X} IDDR, LnaBoost on, band 1 (10.8 without boost)`),
    sleeping: confirmed(0.0002, [0.0002, 0.001], `${SX127X} IDDSL`),
    standby: confirmed(1.6, [1.6, 1.8], `${SX127X} IDDST`),
    // 7 and 13 dBm are the table's for the RFO pin. The boards use PA_BOOST, for which it has 17 and 20 dBm only.
    transmitting: [
      [2, 17],
      [7, 20],
      [13, 29],
      [17, 87],
      [20, 120],
    ],
    transmittingRange: [0.8, 1.6],
    transmittingSource: `${SX127X} IDDT: 20 mA at 7 dBm, 29 at 13 (RFO), 87 at 17, 120 at 20 (PA_BOOST)`,
  },
};

/** The oscillator of a module whose SX126x feeds one from DIO3: on whenever the radio listens or sends. */
export const TCXO: Current = estimate(
  1.5,
  [0.5, 2.0],
  "32 MHz TCXOs of that size take 1 to 2 mA; the SX126x's receive current is with a crystal",
);

/** What a board takes beside chip and radio, where its value does not say: regulator, divider, LED, UART bridge. */
export const DEFAULT_DRAW: Current = estimate(
  1,
  [0.1, 3],
  "this board's value cites no measurement; 0.8 and 1.1 mA are left of those of two others (docs/power.md)",
);

/** Milliamperes while sending at `dbm`. Beyond the table's ends, its ends. */
export function transmitCurrent(chip: RadioChipId, dbm: number): Current {
  const { transmitting: points, transmittingRange, transmittingSource } = RADIO_CURRENTS[chip];
  const milliamps = interpolate(points, dbm);
  const [low, high] = transmittingRange;
  return confirmed(milliamps, [milliamps * low, milliamps * high], transmittingSource);
}

export function boardDraw(board: Pick<RealBoard, "draw">): Current {
  if (board.draw === undefined) return DEFAULT_DRAW;
  const milliamps = board.draw.microamps / 1000;
  return confirmed(milliamps, [milliamps / 2, milliamps * 2], board.draw.source);
}

export function isRealMcu(mcu: McuId): mcu is RealMcuId {
  return mcu in MCU_CURRENTS;
}

/** A straight line between the two points around `x`; beyond the ends, the ends. Points ascend in their first number. */
export function interpolate(points: readonly (readonly [number, number])[], x: number): number {
  let before = points[0];
  for (const point of points) {
    if (before === undefined) break;
    const [x0, y0] = before;
    const [x1, y1] = point;
    if (x <= x1) return x <= x0 || x1 === x0 ? (x <= x0 ? y0 : y1) : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
    before = point;
  }
  return before?.[1] ?? Number.NaN;
}

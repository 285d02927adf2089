/** What each radio chip needs from its board. Limits are the chip's, not the law's: regions decide what may be sent. */

export const RADIO_CHIPS = ["SX1262", "SX1276"] as const;
export type RadioChipId = (typeof RADIO_CHIPS)[number];

export interface RadioChip {
  /** The line that reports received and sent packets. */
  readonly irqLine: string;
  readonly needsBusy: boolean;
  /** Voltages DIO3 can feed a TCXO with; empty when the chip cannot feed one. */
  readonly tcxoVolts: readonly number[];
  readonly hasDio2Switch: boolean;
  /** What its synthesizer reaches, MHz. The module's filters allow less: `bandsMHz` of a board. */
  readonly tunesMHz: readonly [number, number];
  readonly maxPowerDbm: number;
  /** Over-current limit every peer sets (boards-and-regions section 3). */
  readonly currentLimitMilliamps: number;
}

export const RADIO: Readonly<Record<RadioChipId, RadioChip>> = {
  // SX1261/2 Data Sheet DS.SX1261-2.W.APP: 8.3 (BUSY), 13.3.5 SetDIO2AsRfSwitchCtrl, 13.3.6 SetDIO3AsTCXOCtrl,
  // 3.5 (frequency range).
  SX1262: {
    irqLine: "DIO1",
    needsBusy: true,
    tcxoVolts: [1.6, 1.7, 1.8, 2.2, 2.4, 2.7, 3.0, 3.3],
    hasDio2Switch: true,
    tunesMHz: [150, 960],
    maxPowerDbm: 22,
    currentLimitMilliamps: 140,
  },
  // SX1276/77/78/79 Data Sheet, "Pin Description": no BUSY line, no TCXO supply; RxDone and TxDone are on DIO0;
  // "Frequency Range".
  SX1276: {
    irqLine: "DIO0",
    needsBusy: false,
    tcxoVolts: [],
    hasDio2Switch: false,
    tunesMHz: [137, 1020],
    maxPowerDbm: 20,
    currentLimitMilliamps: 120,
  },
};

/** The worst hour of each station, measured on the air: one regulator for each, where the channel's own names one. */
import type { Phy } from "../../radio/channel.ts";
import { type Law, Regulator, type Violation } from "../law.ts";
import type { AirObserver } from "../lora-channel.ts";

export class Hours implements AirObserver {
  readonly #law: Law;
  readonly #regulators = new Map<number, Regulator>();

  constructor(law: Law) {
    this.#law = law;
  }

  transmission(from: number, phy: Phy, startMs: number, airtimeUs: number): void {
    let regulator = this.#regulators.get(from);
    if (regulator === undefined) {
      regulator = new Regulator(this.#law);
      this.#regulators.set(from, regulator);
    }
    regulator.transmission(from, phy, startMs, airtimeUs);
  }

  cut(from: number, startMs: number, nowMs: number): void {
    this.#regulators.get(from)?.cut(from, startMs, nowMs);
  }

  /** To be called at the end of a run. Every station's violations, those of one behind those of the other. */
  finish(): Violation[] {
    for (const regulator of this.#regulators.values()) regulator.finish();
    return [...this.#regulators.values()].flatMap((regulator) => regulator.violations);
  }

  /** ms on the air in the worst hour of a station. */
  worstMs(station: number): number {
    return this.#regulators.get(station)?.worst()?.usedMs ?? 0;
  }
}

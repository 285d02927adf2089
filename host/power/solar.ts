/**
 * Sunlight on a tilted panel, day by day. Equation numbers are those of Duffie and Beckman, Solar Engineering of Thermal
 * Processes, 4th edition ("D&B"). Angles are radians inside, degrees at the surface; `day` is 1 (1 January) to 365.
 */

/** W/m2 outside the atmosphere at the mean distance of the sun (D&B 1.2). */
const SOLAR_CONSTANT = 1367;
const RADIANS = Math.PI / 180;
/** Of the ground before the panel, without snow (D&B 2.15). */
const ALBEDO = 0.2;
/** A sun that hardly rises shines on a steep panel many times as much as on the ground; hills are in its way first. */
const BEAM_TILT_MAX = 10;

export const DAYS = 365;

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Where the earth is on its way round the sun, radians (D&B 1.4.2). */
function dayAngle(day: number): number {
  return (2 * Math.PI * (day - 1)) / DAYS;
}

/**
 * Declination of the sun in degrees (Spencer; D&B 1.6.1b), within 0.04. Cooper's shorter formula is 0.7 off in February,
 * which is 4 % of the sunlight at 55 degrees.
 */
export function declination(day: number): number {
  const b = dayAngle(day);
  const radians =
    0.006918 -
    0.399912 * Math.cos(b) +
    0.070257 * Math.sin(b) -
    0.006758 * Math.cos(2 * b) +
    0.000907 * Math.sin(2 * b) -
    0.002697 * Math.cos(3 * b) +
    0.00148 * Math.sin(3 * b);
  return radians / RADIANS;
}

/** The sun's strength by its distance, over that at the mean distance (Spencer; D&B 1.4.1b). */
function nearness(day: number): number {
  const b = dayAngle(day);
  return (
    1.00011 + 0.034221 * Math.cos(b) + 0.00128 * Math.sin(b) + 0.000719 * Math.cos(2 * b) + 0.000077 * Math.sin(2 * b)
  );
}

/** Hour angle of sunset in radians: 0 in the polar night, pi under the midnight sun (D&B 1.6.10). */
export function sunsetAngle(latitude: number, day: number): number {
  return sunset(latitude * RADIANS, declination(day) * RADIANS);
}

function sunset(phi: number, delta: number): number {
  return Math.acos(clamp(-Math.tan(phi) * Math.tan(delta), -1, 1));
}

/** Hours from sunrise to sunset of the sun's centre, without refraction (D&B 1.6.11). */
export function dayLength(latitude: number, day: number): number {
  return (24 / Math.PI) * sunsetAngle(latitude, day);
}

/** Irradiation of a horizontal surface outside the atmosphere, kWh/m2 a day (D&B 1.10.3). */
export function extraterrestrial(latitude: number, day: number): number {
  const phi = latitude * RADIANS;
  const delta = declination(day) * RADIANS;
  const angle = sunset(phi, delta);
  const course = Math.cos(phi) * Math.cos(delta) * Math.sin(angle) + angle * Math.sin(phi) * Math.sin(delta);
  return Math.max(0, (24 / Math.PI) * (SOLAR_CONSTANT / 1000) * nearness(day) * course);
}

/**
 * Share of a day's sunlight that comes from all over the sky, by the day's clearness index (its irradiation over the
 * extraterrestrial one) and the sunset angle (Erbs et al. 1982; D&B 2.11.1).
 */
export function diffuseShare(clearness: number, sunsetRadians: number): number {
  const k = clearness;
  if (sunsetRadians <= 81.4 * RADIANS) {
    return k < 0.715 ? 1 - 0.2727 * k + 2.4495 * k ** 2 - 11.9514 * k ** 3 + 9.3879 * k ** 4 : 0.143;
  }
  return k < 0.722 ? 1 + 0.2832 * k - 2.5557 * k ** 2 + 0.8448 * k ** 3 : 0.175;
}

/** Direct sunlight of a day on a panel turned to the equator, over that on the ground (D&B 2.19.3a). */
export function beamTilt(latitude: number, tilt: number, day: number): number {
  // South of the equator everything is mirrored: the panel looks north, and its winter is where the sun is south.
  const phi = Math.abs(latitude) * RADIANS;
  const delta = declination(day) * RADIANS * (latitude < 0 ? -1 : 1);
  const lean = phi - tilt * RADIANS;
  const angle = sunset(phi, delta);
  const ground = Math.cos(phi) * Math.cos(delta) * Math.sin(angle) + angle * Math.sin(phi) * Math.sin(delta);
  if (ground <= 1e-9) return 0;
  const seen = Math.min(angle, sunset(lean, delta));
  const panel = Math.cos(lean) * Math.cos(delta) * Math.sin(seen) + seen * Math.sin(lean) * Math.sin(delta);
  return clamp(panel / ground, 0, BEAM_TILT_MAX);
}

/** What the sky of one day of the year does not change. */
export interface DayGeometry {
  /** kWh/m2 a day. */
  readonly extraterrestrial: number;
  readonly sunsetRadians: number;
  readonly dayHours: number;
  readonly beamTilt: number;
  /** Share of the sky and of the ground that a panel of this tilt sees. */
  readonly sky: number;
  readonly ground: number;
}

/** Geometry of every day of the year, index 0 being 1 January. `tilt` 0 is flat, 90 upright. */
export function yearGeometry(latitude: number, tilt: number): readonly DayGeometry[] {
  const cosine = Math.cos(tilt * RADIANS);
  return Array.from({ length: DAYS }, (_, i) => ({
    extraterrestrial: extraterrestrial(latitude, i + 1),
    sunsetRadians: sunsetAngle(latitude, i + 1),
    dayHours: dayLength(latitude, i + 1),
    beamTilt: beamTilt(latitude, tilt, i + 1),
    sky: (1 + cosine) / 2,
    ground: (1 - cosine) / 2,
  }));
}

/** Irradiation of the panel on a day of that clearness, kWh/m2 (the isotropic sky of Liu and Jordan; D&B 2.19.2). */
export function onPanel(geometry: DayGeometry, clearness: number): number {
  const horizontal = clearness * geometry.extraterrestrial;
  const diffuse = diffuseShare(clearness, geometry.sunsetRadians);
  const { beamTilt: beam, sky, ground } = geometry;
  return horizontal * ((1 - diffuse) * beam + diffuse * sky + ALBEDO * ground);
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
export const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** Month 0..11 of each day of the year, index 0 being 1 January. */
export const MONTH_OF: readonly number[] = MONTH_DAYS.flatMap((days, month) =>
  Array.from({ length: days }, () => month),
);

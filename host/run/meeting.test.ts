import { describe, expect, it } from "vitest";
import { Event } from "../core/abi.gen.ts";
import { Meeting } from "./meeting.ts";

const id = (n: number): Uint8Array => new Uint8Array(16).fill(n);

/** A NeighbourFound event about node `n`. */
function found(n: number, rssiDbm: number, snrQdb: number): Uint8Array {
  const bytes = Buffer.alloc(44, n);
  bytes.writeInt16LE(rssiDbm, 20);
  bytes.writeInt16LE(snrQdb, 22);
  return bytes;
}

describe("a meeting", () => {
  it("is complete when everyone has heard everyone else, and no longer when one goes down", () => {
    const meeting = new Meeting(["a", "b"]);
    expect(meeting.event("a", Event.Booted, id(1))).toBe(true);
    expect(meeting.event("a", Event.NeighbourFound, found(2, -90, -30))).toBe(true);
    // Not known by name yet: b has not said who it is.
    expect(meeting.progress()).toEqual({ found: 0, of: 2 });
    meeting.introduce("b", Buffer.from(id(2)).toString("hex"));
    expect(meeting.heard("a", "b")).toEqual({ rssiDbm: -90, snrDb: -7.5 });
    expect([meeting.complete(), meeting.progress().found]).toEqual([false, 1]);
    meeting.event("b", Event.NeighbourFound, found(1, -80, 40));
    expect(meeting.complete()).toBe(true);
    expect(meeting.rows()).toEqual([
      ["a", "01010101", "·", "-90 dBm"],
      ["b", "02020202", "-80 dBm", "·"],
    ]);
    expect(meeting.event("b", Event.NeighbourDown, id(1))).toBe(true);
    expect(meeting.complete()).toBe(false);
    expect(meeting.event("b", Event.NeighbourGone, id(1))).toBe(false);
  });

  it("ignores events that are too short, of strangers, or of no concern", () => {
    const meeting = new Meeting(["a"]);
    expect(meeting.event("a", Event.NeighbourFound, new Uint8Array(23))).toBe(false);
    expect(meeting.event("a", Event.NeighbourDown, new Uint8Array(3))).toBe(false);
    expect(meeting.event("stranger", Event.NeighbourFound, found(1, 0, 0))).toBe(false);
    expect(meeting.event("a", Event.Reply, id(1))).toBe(false);
    expect(meeting.complete()).toBe(true);
  });
});

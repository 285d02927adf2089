import { beforeAll, describe, expect, it } from "vitest";
import { Status } from "../../../host/core/abi.gen.ts";
import { type Internals, internals } from "../../../tests/support/internals.ts";

let core: Internals;
beforeAll(async () => {
  core = await internals();
});

describe("a box in a packet", () => {
  it.each([
    ["without ratchet", 0x10, 51, 17],
    ["with ratchet", 0x30, 55, 21],
  ])("%s begins where registry section 1 says", (_, header, text, aad) => {
    core.bytes[0] = header;
    const packet = core.arena;
    expect(core.call("envelopeText", packet) - packet).toBe(text);
    expect(core.call("envelopeEphemeral", packet) - packet).toBe(text - 32);
    expect(core.call("envelopeAad", packet) - packet).toBe(2);
    expect(core.call("envelopeAadLength", packet)).toBe(aad);
    expect(core.call("envelopeTextLength", packet, 484)).toBe(484 - text - 16);
    expect(core.call("envelopeTextLength", packet, text + 16)).toBe(0);
  });

  it("carries the families E4, E8 and F4 to F8, no other", () => {
    const inside = [0xe4, 0xe8, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8];
    for (let context = 0; context <= 0x1ff; context++) {
      expect(core.call("checkInnerContext", context)).toBe(inside.includes(context) ? Status.Ok : Status.BadContext);
    }
  });
});

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Status } from "../../../host/core/abi.gen.ts";
import { announce, identity, RoutingNode } from "../../../tests/support/routing.ts";

let core: RoutingNode;
beforeAll(async () => {
  core = await RoutingNode.make();
});

const origin = identity(7);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s+/g, ""), "hex"));

function check(packet: Uint8Array): number {
  return core.call("checkAnnounce", core.put(packet), packet.length);
}

describe("announce", () => {
  it("reads byte by byte what H3 lays out", () => {
    const packet = bytes(`
      01 03 ${hex(origin.id)} 00 ${hex(origin.publicKey)} 0807060504030201 ${"5a".repeat(64)}
      7d 4e 10 3900 b405 5b 03  02 04 01010080  82 02 dc05`);
    expect(packet.length).toBe(132 + 6 + 4);
    expect(check(packet)).toBe(Status.Ok);
    const at = core.put(packet);
    expect(core.call("announceSequence", at)).toBe(Number(0x0102030405060708n));
    expect(core.call("announceMaxHops", at)).toBe(125);
    expect(core.call("announceCost", at)).toBe(57);
    expect(core.call("announceLatency", at)).toBe(1460);
    expect(core.call("announceRate", at)).toBe(91);
    expect(core.call("announceHops", at)).toBe(3);
    expect(core.call("announceMtu", at, packet.length)).toBe(1500);
    expect(core.call("announceMtu", at, packet.length - 4)).toBe(484);
  });

  it("is emitted as its origin sends it", () => {
    const at = core.put(Buffer.concat([origin.id, origin.publicKey, Buffer.alloc(64, 0x5a), bytes("0204 01010080")]));
    const length = core.call("emitAnnounce", core.out, at, at + 16, 0x0102030405060708n, at + 48, 0x10, at + 112, 6);
    expect(hex(core.read(core.out, length))).toBe(
      `0100${hex(origin.id)}00${hex(origin.publicKey)}0807060504030201${"5a".repeat(64)}804e1000000000ff00020401010080`,
    );
  });

  const tlvs = (text: string): Uint8Array => announce(origin, { tlvs: bytes(text) });
  const field = (offset: number, value: number): Uint8Array => {
    const packet = announce(origin);
    packet[offset] = value;
    return packet;
  };

  it.each([
    ["no TLVs", announce(origin), Status.Ok],
    [
      "every TLV there is",
      tlvs(`0104 0f000000 0204 01010080 0306 01 05000000 02 0420 ${"11".repeat(32)} 8202 e401`),
      Status.Ok,
    ],
    ["TLVs of unknown type", tlvs("0900 7f03 010203 ff01 00"), Status.Ok],
    ["93 bytes of signed TLVs", tlvs(`095b ${"00".repeat(91)}`), Status.Ok],
    ["94 bytes of signed TLVs", tlvs(`095c ${"00".repeat(92)}`), Status.BadTlv],
    ["230 bytes", tlvs(`8960 ${"00".repeat(96)}`), Status.Ok],
    ["231 bytes", tlvs(`8961 ${"00".repeat(97)}`), Status.Long],
    ["131 bytes", announce(origin).subarray(0, 131), Status.Short],
    ["the 7-byte path cost of revision 25", tlvs("24"), Status.BadTlv],
    ["the same with a TLV behind it", tlvs("24 0204 01010080"), Status.BadTlv],
    ["a TLV without a length", tlvs("0204 01010080 09"), Status.BadTlv],
    ["a TLV longer than what is left", tlvs("0903 0102"), Status.BadTlv],
    ["a TLV twice", tlvs("0204 01010080 0204 01010080"), Status.BadTlv],
    ["an unknown TLV twice", tlvs("0900 0900"), Status.BadTlv],
    ["a node TLV of 3 bytes", tlvs("0203 010100"), Status.BadTlv],
    ["a ratchet of 31 bytes", tlvs(`041f ${"11".repeat(31)}`), Status.BadTlv],
    ["an empty version signal", tlvs("0300"), Status.BadTlv],
    ["nine version signals", tlvs(`032e 09 ${"0500000002".repeat(9)}`), Status.BadTlv],
    ["an MTU below 484", tlvs("8202 e301"), Status.BadTlv],
    ["another magic", field(124, 0x4d), Status.BadField],
    ["another major version", field(125, 0x20), Status.BadVersion],
    ["another minor version", field(125, 0x1f), Status.Ok],
    ["129 hops to go", field(123, 129), Status.BadField],
    ["129 hops gone", field(131, 129), Status.BadField],
  ])("with %s", (_, packet, status) => {
    expect(check(packet)).toBe(status);
  });

  it("never traps, whatever the bytes", () => {
    const whole = tlvs(`0104 0f000000 0204 01010080 0306 01 05000000 02 0420 ${"11".repeat(32)} 8202 e401`);
    const mutated = fc
      .tuple(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 }), fc.nat(whole.length))
      .map(([edits, end]) => {
        const packet = Uint8Array.from(whole);
        for (const [at, value] of edits) packet[at] = value;
        return packet.subarray(0, end);
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 260 }), mutated), (packet) => {
        const status = check(packet);
        expect(Object.values(Status)).toContain(status);
        if (status === Status.Ok)
          expect(core.call("announceMtu", core.put(packet), packet.length)).toBeGreaterThan(483);
      }),
      { numRuns: 20_000 },
    );
  });
});

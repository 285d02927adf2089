import * as fc from "fast-check";
import { expect, it } from "vitest";
import { EventQueue } from "./queue.ts";

it("runs events by time, then lane, then in the order of asking", () => {
  const event = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.nat(3));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), (events) => {
      const queue = new EventQueue();
      const ran: number[] = [];
      for (const [i, [time, lane]] of events.entries()) queue.at(time, lane, { fire: (k) => void ran.push(k) }, i);
      queue.run(100);
      const expected = [...events.keys()].sort((a, b) => {
        const [one, other] = [events[a] as [number, number], events[b] as [number, number]];
        return one[0] - other[0] || one[1] - other[1] || a - b;
      });
      expect(ran).toEqual(expected);
      expect([queue.size, queue.now, queue.fired]).toEqual([0, 100, events.length]);
    }),
  );
});

it("runs what is asked for the past now, what is asked for while it runs in its turn, and nothing at infinity", () => {
  const queue = new EventQueue();
  const ran: string[] = [];
  queue.at(10, 0, {
    fire: () => {
      ran.push("a");
      queue.at(3, 0, { fire: () => void ran.push(`late at ${queue.now}`) });
      queue.at(11, 0, { fire: () => void ran.push("c") });
      queue.at(Infinity, 0, { fire: () => void ran.push("never") });
    },
  });
  queue.at(10, 1, { fire: () => void ran.push("b") });
  queue.run(20);
  expect(ran).toEqual(["a", "late at 10", "b", "c"]);
  expect(() => queue.at(NaN, 0, { fire: () => {} })).toThrow(RangeError);
});

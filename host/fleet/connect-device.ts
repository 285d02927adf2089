/** Reaches a device through a serial port of this machine. */
import { Status } from "../core/abi.gen.ts";
import { Device } from "../device/device.ts";
import { DeviceFailure } from "../device/failure.ts";
import { LockState } from "../board/messages.gen.ts";
import { openPort } from "../serial/ports.ts";
import type { Connection } from "./connection.ts";

/** Throws MehrError if the port cannot be opened or no device answers behind it. */
export async function connectDevice(path: string, name: string): Promise<Connection> {
  const port = await openPort(path);
  let device: Device;
  try {
    device = await Device.open(port, { name });
  } catch (error) {
    await port.close();
    throw error;
  }
  return {
    identify: () => device.identify(),
    prove: () => device.prove(),
    read: async () => {
      try {
        const reply = await device.provisionRead();
        if (reply === undefined) return "none";
        const trusted = reply.trusted.map(({ nodeId }) => Buffer.from(nodeId).toString("hex"));
        return { record: reply.record, trusted };
      } catch (error) {
        if (error instanceof DeviceFailure && error.status === Status.BadRecord) return "damaged";
        throw error;
      }
    },
    locked: async () => (await device.hello()).lock === LockState.Locked,
    usePin: (pin) => device.usePin(pin),
    abort: () => device.provisionAbort(),
    provision: (draft, pin) => device.provision(draft, pin),
    close: () => port.close(),
  };
}

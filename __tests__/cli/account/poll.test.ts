import { poll } from "../../../cli/account/poll";

const timedOut = new Error("timed out");
const stopped = new Error("stopped");

describe("poll", () => {
  it("checks until there is a value", async () => {
    const results = [undefined, undefined, "value", "never reached"];
    const check = async () => results.shift();
    expect(await poll(check, { intervalMilliseconds: 1 })).toBe("value");
    expect(results).toEqual(["never reached"]);
  });

  it("fails when the time is up, after one check at least", async () => {
    const check = jest.fn(async () => undefined);
    const timeout = { seconds: 0, error: () => timedOut };
    await expect(poll(check, { intervalMilliseconds: 60_000, timeout })).rejects.toBe(timedOut);
    expect(check).toHaveBeenCalledTimes(1);
  });

  it("prefers a value to the timeout", async () => {
    const timeout = { seconds: 0, error: () => timedOut };
    expect(await poll(async () => "value", { intervalMilliseconds: 1, timeout })).toBe("value");
  });

  it("stops waiting when it is interrupted", async () => {
    const signal = AbortSignal.abort();
    const options = { intervalMilliseconds: 60_000, signal };
    await expect(poll(async () => undefined, { ...options, interrupted: () => stopped })).rejects.toBe(
      stopped,
    );
    await expect(poll(async () => undefined, options)).rejects.toThrow("aborted");
  });

  it("passes on the check's own error", async () => {
    const broken = new Error("broken");
    await expect(poll(() => Promise.reject(broken), { intervalMilliseconds: 1 })).rejects.toBe(broken);
  });
});

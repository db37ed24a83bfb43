import { whileThrottled } from "../../../cli/execution/throttled";
import { DetachedError } from "../../../cli/terminal/errors";

const throttled = Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException" });
const running = Object.assign(new Error("too many"), { name: "ExecutionLimitExceeded" });
const denied = Object.assign(new Error("no"), { name: "AccessDeniedException" });

/** A call that fails with these errors first; the pauses that are made. */
function calls(...errors: Error[]) {
  const pauses: number[] = [];
  const call = async () => {
    const error = errors.shift();
    if (error !== undefined) throw error;
    return "started";
  };
  const pause = async (seconds: number) => pauses.push(seconds);
  return { call, pause, pauses };
}

it("a throttled call is made again after growing waits, and says what it waits for", async () => {
  const { call, pause, pauses } = calls(throttled, running, throttled);
  const texts: string[] = [];
  expect(await whileThrottled(call, { pause, onWait: (text) => texts.push(text) })).toBe("started");
  expect(pauses).toHaveLength(3);
  for (const [index, most] of [3, 6, 12].entries()) expect(pauses[index]).toBeLessThanOrEqual(most);
  for (const [index, least] of [1, 2, 4].entries()) expect(pauses[index]).toBeGreaterThanOrEqual(least);
  expect(texts[1]).toBe("waiting until AWS accepts the start, up to 5 min: ExecutionLimitExceeded: too many");
});

it("fails after five minutes, with AWS's error", async () => {
  const { call, pause, pauses } = calls(...Array(1000).fill(throttled));
  await expect(whileThrottled(call, { pause })).rejects.toBe(throttled);
  expect(pauses.reduce((total, one) => total + one, 0)).toBeCloseTo(300);
});

it("fails at once with any other error", async () => {
  const { call, pause, pauses } = calls(denied);
  await expect(whileThrottled(call, { pause })).rejects.toBe(denied);
  expect(pauses).toEqual([]);
});

it("ends with Ctrl-C", async () => {
  const { call } = calls(throttled);
  const stop = new AbortController();
  const waiting = whileThrottled(call, { signal: stop.signal });
  stop.abort();
  await expect(waiting).rejects.toBeInstanceOf(DetachedError);
});

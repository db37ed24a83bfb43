import { setTimeout as sleep } from "node:timers/promises";

interface PollOptions {
  readonly intervalMilliseconds: number;
  /** @default - polls until `check` returns a value or throws */
  readonly timeout?: { readonly seconds: number; readonly error: () => Error };
  /** Ends the waiting; then `poll` throws `interrupted`, or the signal's own error. */
  readonly signal?: AbortSignal;
  readonly interrupted?: () => Error;
}

/** Calls `check` until it returns a value, and returns that value. */
export async function poll<T>(check: () => Promise<T | undefined>, options: PollOptions): Promise<T> {
  const { intervalMilliseconds, timeout, signal, interrupted } = options;
  const deadline = timeout === undefined ? undefined : Date.now() + timeout.seconds * 1000;
  for (;;) {
    const result = await check();
    if (result !== undefined) return result;
    if (timeout !== undefined && deadline !== undefined && Date.now() >= deadline) throw timeout.error();
    try {
      await sleep(intervalMilliseconds, undefined, { signal });
    } catch (error) {
      throw interrupted?.() ?? error;
    }
  }
}

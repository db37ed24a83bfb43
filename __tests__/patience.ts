import { setTimeout as sleep } from "node:timers/promises";

/** How much longer than usual tests wait before they fail; a machine that is slower needs more. */
export const patience = Number(process.env.WORKFLOW_TEST_PATIENCE || 1);

const limitSeconds = 240 * patience;

/** Waits until `look` finds something, and returns that; `what` says what is missing if it does not come. */
export async function until<T>(
  look: () => Promise<T> | T,
  what: string | (() => unknown) = String(look),
): Promise<NonNullable<T>> {
  const end = Date.now() + limitSeconds * 1000;
  for (;;) {
    const found = await look();
    if (found) return found as NonNullable<T>;
    if (Date.now() > end) {
      const missing = typeof what === "string" ? what : JSON.stringify(await what());
      throw new Error(`This did not come within ${limitSeconds} s: ${missing}`);
    }
    await sleep(50);
  }
}

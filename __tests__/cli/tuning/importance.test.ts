import { importances, type Observation } from "../../../cli/tuning/importance";

/** Jobs with the values of a grid, and what a function makes of them. */
function jobs(objective: (a: number, b: number) => number, most = 6): Observation[] {
  const values = Array.from({ length: most }, (_, n) => n);
  return values.flatMap((a) =>
    values.map((b) => ({ objective: objective(a, b), hyperparameters: { a: String(a), b: String(b) } })),
  );
}
const numbers = { a: true, b: true };

describe("the importance of hyperparameters", () => {
  it("is all that of the one that decides", () => {
    const found = importances(
      jobs((a) => Math.floor(a / 2)),
      numbers,
    );
    expect(found?.a).toBeCloseTo(1);
    expect(found?.b).toBe(0);
  });

  it("has the most important one first, and shares that add up without interactions", () => {
    const found = importances(
      jobs((a, b) => a + 3 * b),
      numbers,
    );
    expect(Object.keys(found ?? {})).toEqual(["b", "a"]);
    expect(found?.b).toBeGreaterThan(0.7);
    expect(found?.a).toBeGreaterThan(0.02);
    expect((found?.a ?? 0) + (found?.b ?? 0)).toBeLessThanOrEqual(1);
  });

  it("sees a best value in the middle", () => {
    const found = importances(
      jobs((a) => -Math.abs(a - 2.5)),
      numbers,
    );
    expect(found?.a).toBeGreaterThan(0.5);
    expect(found?.b).toBe(0);
  });

  it("depends on the order only, not on the scale of objective or values", () => {
    const plain = importances(
      jobs((a, b) => a + b / 10),
      numbers,
    );
    const stretched = jobs((a, b) => Math.exp(3 * (a + b / 10))).map(
      ({ objective, hyperparameters: { a, b } }) => ({
        objective,
        hyperparameters: { a: String(10 ** Number(a)), b: String(b) },
      }),
    );
    expect(importances(stretched, numbers)).toEqual(plain);
  });

  it("groups categories by their value", () => {
    const categories = jobs((a) => a % 3).map(({ objective, hyperparameters }) => ({
      objective,
      hyperparameters: { ...hyperparameters, kernel: `kernel ${Number(hyperparameters.a) % 3}` },
    }));
    expect(importances(categories, { kernel: false, b: true })).toEqual({ kernel: 1, b: 0 });
  });

  it("is close to nothing for noise, also in many groups", () => {
    let state = 1;
    const noise = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    const noisy = jobs(() => noise(), 12).map((job, n) => ({
      ...job,
      hyperparameters: { ...job.hyperparameters, kernel: `${n % 40}` },
    }));
    const found = importances(noisy, { ...numbers, kernel: false });
    for (const share of Object.values(found ?? { none: 1 })) expect(share).toBeLessThan(0.05);
  });

  it("is none with too few jobs, or if all are equal", () => {
    expect(
      importances(
        jobs((a) => a, 3),
        numbers,
      ),
    ).toBeUndefined();
    expect(importances(jobs((a) => a, 4).slice(0, 10), numbers)).toBeDefined();
    expect(
      importances(
        jobs(() => 1),
        numbers,
      ),
    ).toBeUndefined();
  });

  it("is none of a category with as many values as jobs", () => {
    const each = jobs((a) => a).map((job, n) => ({ ...job, hyperparameters: { kernel: `${n}` } }));
    expect(importances(each, { kernel: false })).toEqual({ kernel: 0 });
  });
});

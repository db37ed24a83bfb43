import { estimate } from "../../../cli/costs/estimate";

async function shown(name: string, options: Parameters<typeof estimate>[1]): Promise<string> {
  let text = "";
  const write = jest.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += chunk;
    return true;
  });
  await estimate(name, options).finally(() => write.mockRestore());
  return text;
}

it("prices an environment as it would be deployed, with what stands beside the state machine", async () => {
  const found = JSON.parse(await shown("prod", { json: true, trainingMinutes: 30 }));
  expect(found).toMatchObject({
    region: "eu-west-1",
    durations: { trainingMinutes: 30, processingMinutes: 5 },
  });
  expect(found.run.at(-1)).toMatchObject({
    what: "update by a canary, 2 more × ml.m5.large × at most 13 min",
    usd: expect.closeTo((0.128 * 2 * 13) / 60),
  });
  expect(found.notes).toEqual([
    "Scaling keeps 2 to 4 instances: ≈ $186.88 to ≈ $373.76 a month; the sums assume 2.",
    "A canary, or linear steps, require two or more instances, which this endpoint always has.",
  ]);
  expect(found.idle.map(({ what }: { what: string }) => what)).toEqual([
    "endpoint, 2 × ml.m5.large",
    "1 × KMS key",
    "21 × alarm",
    "1 × dashboard",
  ]);
});

it("fails for an environment that config.ts does not have", async () => {
  await expect(shown("nowhere", { json: false })).rejects.toThrow(
    "The environment must be one of local, dev, staging, prod, got nowhere",
  );
});

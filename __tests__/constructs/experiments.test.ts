import { dev, synth } from "../synthesized";

describe("what A/B tests need", () => {
  it("has what A/B tests need where the environment asks for it", () => {
    const { resource = {} } = synth({ ...dev, experiments: true }).pipeline;
    const count = (type: string) => Object.keys(resource[type] ?? {}).length;
    expect([count("aws_lambda_function"), count("aws_iam_role"), count("aws_cloudwatch_log_group")]).toEqual([
      3, 10, 5,
    ]);
    const groups = Object.values(resource.aws_scheduler_schedule_group ?? {});
    expect(groups).toEqual([expect.objectContaining({ name: "housing-dev-experiments" })]);
  });
});

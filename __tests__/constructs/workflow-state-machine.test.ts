import { named, synth } from "../synthesized";

describe("a state machine of the workflow", () => {
  const { pipeline } = synth();

  it("logs and traces the state machine, without execution data", () => {
    expect(named(pipeline, "aws_sfn_state_machine", "housing-dev")).toMatchObject({
      name: "housing-dev",
      type: "STANDARD",
      tracing_configuration: { enabled: true },
      logging_configuration: {
        level: "ALL",
        include_execution_data: false,
        log_destination: expect.stringMatching(/:\*$/),
      },
    });
    const groups = Object.values(pipeline.resource?.aws_cloudwatch_log_group ?? {});
    expect(groups.map(({ name, retention_in_days }) => [name, retention_in_days]).sort()).toEqual([
      ["/aws/lambda/housing-dev-evaluate-model", 30],
      ["/aws/lambda/housing-dev-smoke-test", 30],
      ["/aws/vendedlogs/states/housing-dev", 30],
      ["/aws/vendedlogs/states/housing-dev-release", 30],
    ]);
  });
});

import { named, synth } from "../synthesized";

describe("a function of the workflow", () => {
  const { pipeline } = synth();

  it("publishes each function as a version, which is the one that the definition invokes", () => {
    for (const lambda of Object.values(pipeline.resource?.aws_lambda_function ?? {})) {
      expect(lambda).toMatchObject({ publish: true, runtime: "python3.11" });
    }
    const { definition } = named(pipeline, "aws_sfn_state_machine", "housing-dev") as { definition: string };
    const invoked = definition.match(/"FunctionName": "\$\{aws_lambda_function\.\w+\.qualified_arn\}"/g);
    expect(new Set(invoked).size).toBe(2);
  });
});

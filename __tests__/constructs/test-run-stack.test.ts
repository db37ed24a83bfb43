import { synth } from "../synthesized";

describe("the test-run stack", () => {
  it("outputs what the execution starter reads, taken from the pipeline stack's state", () => {
    const { testRun } = synth();
    const upstream = /^\$\{data\.terraform_remote_state\.cross-stack-reference-input-dev-pipeline\.outputs\./;
    expect(testRun.output).toEqual({
      state_machine_arn: { value: expect.stringMatching(upstream) },
      bucket_name: { value: expect.stringMatching(upstream) },
      execution_input: { value: '{"Threshold":0.5}' },
    });
    expect(testRun.resource).toBeUndefined();
  });
});

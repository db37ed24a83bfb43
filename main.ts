import { App } from "cdktf";
import { environments, testRun, workflowProps } from "./configuration";
import { stackNames } from "./configuration/names";
import { PipelineStack } from "./constructs/pipeline-stack";
import { TestRunStack } from "./constructs/test-run-stack";

const app = new App();

for (const [name, environment] of Object.entries(environments)) {
  const stacks = stackNames(name);
  const pipeline = new PipelineStack(app, stacks.pipeline, { environment, workflow: workflowProps(name) });
  new TestRunStack(app, stacks.testRun, {
    environment,
    pipeline,
    executionInput: testRun.executionInput,
  });
}

app.synth();

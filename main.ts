import { App } from "cdktf";
import { configurationName, environments, testRun, workflowProps } from "./configuration";
import { stackNames, synthesizedEnvironment } from "./configuration/names";
import { PipelineStack } from "./constructs/pipeline-stack";
import { TestRunStack } from "./constructs/test-run-stack";

const only = process.env[synthesizedEnvironment];
if (only !== undefined && !Object.hasOwn(environments, only)) {
  throw new Error(
    `There is no environment ${only}; ${configurationName} has ${Object.keys(environments).join(", ")}`,
  );
}

const app = new App();

for (const [name, environment] of Object.entries(environments)) {
  if (only !== undefined && only !== name) continue;
  const stacks = stackNames(name);
  const pipeline = new PipelineStack(app, stacks.pipeline, { environment, workflow: workflowProps(name) });
  new TestRunStack(app, stacks.testRun, {
    environment,
    pipeline,
    executionInput: testRun.executionInput,
  });
}

app.synth();

import { App } from "cdktf";
import { environments, testRun, workflowProps } from "./config";
import { PipelineStack } from "./constructs/pipeline-stack";
import { TestRunStack } from "./constructs/test-run-stack";

const app = new App();

for (const [name, environment] of Object.entries(environments)) {
  const pipeline = new PipelineStack(app, `${name}-pipeline`, { environment, workflow: workflowProps(name) });
  new TestRunStack(app, `${name}-test-run`, {
    environment,
    pipeline,
    executionInput: testRun.executionInput,
  });
}

app.synth();

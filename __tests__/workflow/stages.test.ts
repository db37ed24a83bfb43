import type { ChoiceRule, ChoiceState, TaskState } from "../../workflow/asl/states";
import { workflowDefinition } from "../../workflow/definition";
import type { ExecutionInput } from "../../workflow/execution-input";
import { earlierJobs, stageChoice, stageNames, stages } from "../../workflow/stages";
import { tuning, workflow } from "../fixtures";
import { context, evaluate } from "./evaluate";

const { States } = workflowDefinition(workflow()).definition;
const choice = States[stageChoice] as ChoiceState;

const from = (State: string): ExecutionInput =>
  ({
    DataPrefix: "raw-data/",
    Threshold: 0.5,
    From: {
      State,
      ProcessingJobName: "housing-dev-prep-run-1-0a1b2c3d-1-0",
      TrainingJobName: "housing-dev-train-run-1-0a1b2c3d-1-0",
    },
  }) as ExecutionInput;

/** The rule that an input matches; undefined if it starts at the beginning. */
async function ruleFor(Input: ExecutionInput): Promise<ChoiceRule | undefined> {
  const states = { context: context({ Input }) };
  for (const rule of choice.Choices) if (await evaluate(rule.Condition, states)) return rule;
  return undefined;
}

async function assigned(stage: string): Promise<Record<string, unknown>> {
  const Input = from(stage);
  const rule = await ruleFor(Input);
  const variables = { executionFolder: "again-9f8e7d6c", ignoredInput: ["ModelDataUrl"] };
  const values = Object.entries(rule?.Assign ?? {}).map(async ([name, value]) => [
    name,
    await evaluate(value as string, { context: context({ Input }) }, variables),
  ]);
  return Object.fromEntries(await Promise.all(values));
}

it("starts at the beginning without From", async () => {
  expect(await ruleFor({})).toBeUndefined();
  expect(choice.Default).toBe("DataPreprocessing");
});

it.each(stageNames)("starts at %s, which comes after the pinned code", async (stage) => {
  expect((await ruleFor(from(stage)))?.Next).toBe(stages[stage].enters);
  expect(States[stages[stage].enters]).toBeDefined();
  expect(States.PinCode).toMatchObject({ Next: stageChoice });
});

it("takes the results from where the jobs write them", async () => {
  const { processedDataUrl, processingJobName, trainedModelUrl, trainingJobName } =
    await assigned("ModelEvaluation");
  const { Arguments } = States.DataPreprocessing as TaskState;
  const [output] = (Arguments.ProcessingOutputConfig as { Outputs: { S3Output: { S3Uri: string } }[] })
    .Outputs;
  const written = await evaluate(output?.S3Output.S3Uri as string, { context: context() }, { attempt: 1 });
  const processed = "s3://housing-dev-bucket/processed-data/";
  expect(written).toMatch(new RegExp(`^${processed}housing-dev-prep-[^/]+$`));
  expect(processedDataUrl).toBe(`${processed}${processingJobName}`);
  const { OutputDataConfig } = (States.ModelTraining as TaskState).Arguments as unknown as {
    OutputDataConfig: { S3OutputPath: string };
  };
  expect(trainedModelUrl).toBe(`${OutputDataConfig.S3OutputPath}${trainingJobName}/output/model.tar.gz`);
});

it("keeps a copy of the model that is the execution's own", async () => {
  const { copySuffix, trainingJobName } = await assigned("ModelEvaluation");
  const { Key } = (States.KeepModel as TaskState).Arguments;
  const key = (suffix: unknown) => evaluate(Key as string, {}, { trainingJobName, copySuffix: suffix });
  expect(await key("")).toBe(`model-artifacts/${trainingJobName}/output/model.tar.gz`);
  expect(await key(copySuffix)).toBe(`model-artifacts/${trainingJobName}-again-9f8e7d6c/output/model.tar.gz`);
});

it("reports the keys that have no effect", async () => {
  expect((await assigned("ModelTraining")).ignoredInput).toEqual(["ModelDataUrl", "DataPrefix"]);
  const rule = await ruleFor({ From: from("ModelEvaluation").From });
  const variables = { ignoredInput: [] };
  expect(await evaluate(rule?.Assign?.ignoredInput as string, undefined, variables)).toEqual([]);
});

it("lets no stage start behind the gate", () => {
  const order = Object.keys(States);
  for (const stage of stageNames) {
    expect(order.indexOf(stages[stage].enters)).toBeLessThan(order.indexOf("CheckModelPerformance"));
    expect(Object.keys(earlierJobs)).toEqual(expect.arrayContaining([...stages[stage].needs]));
  }
});

it("starts the training with the choice of a tuning, if the workflow has one", () => {
  const { States } = workflowDefinition(workflow({ tuning })).definition;
  const { Choices } = States[stageChoice] as ChoiceState;
  expect(Choices.map(({ Next }) => Next)).toEqual(["TrainOrTune", "KeepModel"]);
});

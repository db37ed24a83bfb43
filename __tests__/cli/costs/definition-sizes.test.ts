import { definitionSizes } from "../../../cli/costs/definition-sizes";
import { type GraphJson, parseDefinition } from "../../../cli/terraform/definition-json";
import { workflowDefinition } from "../../../workflow/definition";
import { tuning, workflow } from "../../fixtures";

const task = (action: string, Arguments: object) => ({
  Type: "Task",
  Resource: `arn:aws:states:::${action}`,
  Arguments,
  End: true,
});
const sizesOf = (States: GraphJson["States"]) => definitionSizes({ StartAt: "A", States });

it("reads the sizes of the project's own workflow", () => {
  const { definition } = workflowDefinition(workflow());
  const size = { instanceType: "ml.m5.large", instanceCount: 1, jobs: 1, spot: false };
  expect(definitionSizes(parseDefinition(JSON.stringify(definition)))).toMatchObject({
    jobs: [
      { state: "DataPreprocessing", use: "processing", ...size },
      { state: "ModelTraining", use: "training", ...size },
    ],
    variants: [{ InstanceType: "ml.t2.medium", InitialInstanceCount: 1 }],
    functions: ["ModelEvaluation", "SmokeTest"],
  });
});

it("counts the calls of a cache, and its jobs as without one", () => {
  const sizes = (cache: false | object) =>
    definitionSizes(
      parseDefinition(JSON.stringify(workflowDefinition(workflow({ cache: cache as false })).definition)),
    );
  const { jobs, functions } = sizes({});
  expect(jobs).toEqual(sizes(false).jobs);
  const calls = ["Processing", "Training"].flatMap((job) => [`FindEarlier${job}`, `Record${job}`]);
  expect([...functions].sort()).toEqual([...calls, ...sizes(false).functions].sort());
});

it("reads jobs inside maps and parallel branches, and JSONPath's requests", () => {
  const request = { TransformResources: { InstanceType: "ml.m5.xlarge", InstanceCount: 3 } };
  const inner = {
    StartAt: "T",
    States: {
      T: {
        Type: "Task",
        Resource: "arn:aws:states:::sagemaker:createTransformJob.sync",
        Parameters: request,
      },
    },
  };
  const use = { state: "T", use: "transform", instanceType: "ml.m5.xlarge", instanceCount: 3 };
  for (const state of [
    { Type: "Map", ItemProcessor: inner },
    { Type: "Map", Iterator: inner },
    { Type: "Parallel", Branches: [inner] },
  ]) {
    expect(sizesOf({ A: state }).jobs).toMatchObject([use]);
  }
});

it("counts the jobs of a tuning job, and the groups of a cluster", () => {
  const { jobs } = sizesOf({
    A: task("sagemaker:createHyperParameterTuningJob.sync", {
      HyperParameterTuningJobConfig: { ResourceLimits: { MaxNumberOfTrainingJobs: 20 } },
      TrainingJobDefinition: {
        EnableManagedSpotTraining: true,
        ResourceConfig: {
          InstanceGroups: [
            { InstanceType: "ml.c5.xlarge", InstanceCount: 2 },
            { InstanceType: "ml.m5.large", InstanceCount: 1 },
          ],
        },
      },
    }),
  });
  expect(jobs).toMatchObject([
    { instanceType: "ml.c5.xlarge", instanceCount: 2, jobs: 20, spot: true },
    { instanceType: "ml.m5.large", instanceCount: 1, jobs: 20, spot: true },
  ]);
});

it("counts the deployed jobs of a tuning, and not the single training that may replace it", () => {
  const { definition } = workflowDefinition(workflow({ tuning }));
  const { jobs, singleTrainings } = definitionSizes(parseDefinition(JSON.stringify(definition)));
  expect(jobs.map(({ state, jobs }) => [state, jobs])).toEqual([
    ["DataPreprocessing", 1],
    ["ModelTuning", 20],
  ]);
  expect(singleTrainings).toMatchObject([{ state: "ModelTraining", jobs: 1 }]);
});

it("counts the combinations of a grid search", () => {
  const ranges = { "max-depth": { kind: "categorical", values: [2, 4, 8] } } as const;
  const { definition } = workflowDefinition(workflow({ tuning: { ranges, strategy: "grid" } }));
  expect(definitionSizes(parseDefinition(JSON.stringify(definition))).jobs.at(-1)).toMatchObject({ jobs: 3 });
});

it("counts a training that follows a tuning as well", () => {
  const training = { ResourceConfig: { InstanceType: "ml.m5.large", InstanceCount: 1 } };
  const { jobs } = sizesOf({
    A: task("sagemaker:createHyperParameterTuningJob.sync", { TrainingJobDefinition: training }),
    B: task("sagemaker:createTrainingJob.sync", training),
  });
  expect(jobs.map(({ state }) => state)).toEqual(["A", "B"]);
});

it("does not take an expression for an instance type", () => {
  const ResourceConfig = { InstanceType: "{% $size %}", InstanceCount: 1 };
  const { jobs } = sizesOf({ A: task("sagemaker:createTrainingJob.sync", { ResourceConfig }) });
  expect(jobs[0]?.instanceType).toBeUndefined();
});

it.each([
  ["text", "must be JSON"],
  ['{"StartAt":"A"}', "States"],
  ['{"StartAt":"A","States":{"A":{}}}', "States.A.Type"],
])("fails for %s, and says where", (text, reason) => {
  expect(() => parseDefinition(text)).toThrow(reason);
});

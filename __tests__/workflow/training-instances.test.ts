import type { JsonObject } from "../../workflow/asl/jsonata";
import type { TaskState } from "../../workflow/asl/states";
import { workflowDefinition } from "../../workflow/definition";
import type { WorkflowProps } from "../../workflow/props";
import { sageMakerRoles } from "../../workflow/roles";
import { references, tuning, workflow } from "../fixtures";
import { evaluate } from "./evaluate";

type Training = Partial<WorkflowProps["training"]>;

function withTraining(more: Training, props: Partial<WorkflowProps> = {}) {
  const hyperparameters = { "n-estimators": 100, "max-depth": 5 };
  const training = { folder: "f", entryPoint: "training.py", metrics: ["test_r2"], hyperparameters };
  return workflow({ training: { ...training, ...more }, ...props });
}

function request(more: Training) {
  const { States } = workflowDefinition(withTraining(more)).definition;
  return States.ModelTraining as TaskState;
}

const spot = { maxWaitInSeconds: 7200 };
const checkpointsArn = "arn:aws:s3:::housing-dev-bucket/checkpoints/*";

/** What the role of training jobs may do with checkpoints. */
const grants = (more: Training) =>
  sageMakerRoles(withTraining(more).settings, references)
    .train.policyStatements.filter(({ resources }) => resources.includes(checkpointsArn))
    .flatMap(({ actions }) => actions);

describe("training on spot instances", () => {
  it("is switched off by false, with its checkpoints", () => {
    const { settings } = withTraining({ spot: false });
    expect(settings).toEqual(withTraining({}).settings);
    expect(request({ spot: false })).toEqual(request({}));
  });

  it("waits as long as it may, and keeps checkpoints", () => {
    const { Arguments, TimeoutSeconds, Assign } = request({ spot });
    expect(Arguments).toMatchObject({
      EnableManagedSpotTraining: true,
      StoppingCondition: { MaxRuntimeInSeconds: 3600, MaxWaitTimeInSeconds: 7200 },
      CheckpointConfig: { LocalPath: "/opt/ml/checkpoints" },
    });
    expect(TimeoutSeconds).toBe(7200 + 1800);
    expect(Assign?.trainingJobName).toContain("or after 7200 s with its waits for spot instances");
    expect(grants({ spot })).toEqual(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]);
  });

  it("has the same checkpoints in all attempts of an execution, and no other execution's", async () => {
    const { S3Uri } = request({ spot }).Arguments.CheckpointConfig as { S3Uri: string };
    const states = { context: {} };
    const uri = (executionFolder: string, attempt: number) =>
      evaluate(S3Uri, states, { executionFolder, attempt });
    expect(await uri("run-1-abcd", 1)).toBe("s3://housing-dev-bucket/checkpoints/run-1-abcd/training");
    expect(await uri("run-1-abcd", 2)).toBe(await uri("run-1-abcd", 1));
    expect(await uri("run-2-abcd", 1)).not.toBe(await uri("run-1-abcd", 1));
  });

  it("is what each training job of a tuning job does, too", async () => {
    const tuned = withTraining({ spot }, { tuning });
    const { Arguments } = workflowDefinition(tuned).definition.States.ModelTuning as TaskState;
    const definition = Arguments.TrainingJobDefinition as JsonObject;
    expect(definition).toMatchObject({
      EnableManagedSpotTraining: true,
      StoppingCondition: { MaxRuntimeInSeconds: 3600, MaxWaitTimeInSeconds: 7200 },
    });
    const { S3Uri } = definition.CheckpointConfig as { S3Uri: string };
    expect(await evaluate(S3Uri, { context: {} }, { executionFolder: "run-1" })).toBe(
      "s3://housing-dev-bucket/checkpoints/run-1/tuning",
    );
    // The search may take as long as its jobs.
    const onDemand = withTraining({}, { tuning });
    expect(tuned.settings.timeoutSeconds).toBeGreaterThan(onDemand.settings.timeoutSeconds);
  });

  it("leaves the execution as long as it may take", () => {
    const longer = withTraining({ spot }).settings.timeoutSeconds - withTraining({}).settings.timeoutSeconds;
    expect(longer).toBe(3 * 3600);
  });

  it("may do without checkpoints", () => {
    const { Arguments } = request({ spot, checkpoints: false });
    expect(Arguments).toMatchObject({ EnableManagedSpotTraining: true });
    expect(Arguments).not.toHaveProperty("CheckpointConfig");
    expect(grants({ spot, checkpoints: false })).toEqual([]);
  });

  it.each([3599, 7200.5])("fails with a longest wait of %s s", (maxWaitInSeconds) => {
    expect(() => withTraining({ spot: { maxWaitInSeconds } })).toThrow(
      `training.spot.maxWaitInSeconds must be a whole number of at least maxRuntimeInSeconds, 3600, because it contains the waits and the run, got ${maxWaitInSeconds} (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html)`,
    );
  });
});

describe("a warm pool", () => {
  const resources = (arguments_: JsonObject) => (arguments_ as { ResourceConfig: JsonObject }).ResourceConfig;

  it("keeps the instances of a single training job, not those of a tuning job", () => {
    const { States } = workflowDefinition(
      withTraining({ keepAlivePeriodInSeconds: 600 }, { tuning }),
    ).definition;
    const single = (States.ModelTraining as TaskState).Arguments;
    expect(resources(single)).toEqual({
      InstanceCount: 1,
      InstanceType: "ml.m5.large",
      VolumeSizeInGB: 30,
      KeepAlivePeriodInSeconds: 600,
    });
    const { TrainingJobDefinition } = (States.ModelTuning as TaskState).Arguments;
    expect(resources(TrainingJobDefinition as JsonObject)).not.toHaveProperty("KeepAlivePeriodInSeconds");
    expect(resources(request({}).Arguments)).not.toHaveProperty("KeepAlivePeriodInSeconds");
  });

  it.each([0, 3601, 1.5])("fails with a period of %s s", (keepAlivePeriodInSeconds) => {
    expect(() => withTraining({ keepAlivePeriodInSeconds })).toThrow(
      `training.keepAlivePeriodInSeconds must be a whole number from 1 to 3600, got ${keepAlivePeriodInSeconds}; omit it to keep no instances (https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools.html)`,
    );
  });

  it("is possible where an environment switches spot instances off", () => {
    const { keepAlivePeriodInSeconds, spot: none } = withTraining({
      keepAlivePeriodInSeconds: 60,
      spot: false,
    }).settings.training;
    expect([keepAlivePeriodInSeconds, none]).toEqual([60, undefined]);
  });

  it("fails with spot instances", () => {
    expect(() => withTraining({ keepAlivePeriodInSeconds: 60, spot })).toThrow(
      "training.keepAlivePeriodInSeconds must not be set with training.spot",
    );
  });
});

describe("training on demand", () => {
  it("has neither waits nor checkpoints", () => {
    const { Arguments } = request({});
    expect(Arguments.StoppingCondition).toEqual({ MaxRuntimeInSeconds: 3600 });
    expect(Object.keys(Arguments)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/Spot|Checkpoint/)]),
    );
    expect(grants({})).toEqual([]);
  });

  it("may keep checkpoints, for its other attempts", () => {
    expect(request({ checkpoints: true }).Arguments).toHaveProperty("CheckpointConfig");
    expect(request({ checkpoints: true }).Arguments).not.toHaveProperty("EnableManagedSpotTraining");
    expect(grants({ checkpoints: true })).toContain("s3:DeleteObject");
  });
});

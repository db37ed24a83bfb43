import { estimateCosts } from "../../../cli/costs/formulas";
import { usd } from "../../../cli/costs/rows";
import { estimateStack } from "../../../cli/costs/synthesized-stack";
import { estimateText } from "../../../cli/costs/text";
import { parseDefinition } from "../../../cli/terraform/definition-json";
import { releaseDefinition, workflowDefinition } from "../../../workflow/definition";
import { tuning, workflow } from "../../fixtures";

const definition = parseDefinition(JSON.stringify(workflowDefinition(workflow()).definition));
const endpointConfig = (variant: object) =>
  parseDefinition(
    JSON.stringify({
      StartAt: "A",
      States: {
        A: {
          Type: "Task",
          Resource: "arn:aws:states:::sagemaker:createEndpointConfig",
          Arguments: { ProductionVariants: [variant] },
          End: true,
        },
      },
    }),
  );

describe("the estimate of the project's own workflow", () => {
  const found = estimateCosts(definition, {
    region: "us-east-1",
    durations: { processingMinutes: 6, trainingMinutes: 12 },
    runsPerMonth: 10,
    resources: [{ type: "aws_lambda_function", values: { memory_size: 256 } }],
  });

  it("prices its endpoint by the day and the month", () => {
    expect(found.idlePerMonth).toBeCloseTo(0.056 * 730);
    expect(found.idlePerDay).toBeCloseTo(0.056 * 24);
  });

  it("prices a run by its jobs, its transitions and its functions", () => {
    const jobs = 0.115 * (6 / 60) + 0.115 * (12 / 60);
    const lambda = 2 * (0.0000002 + 5 * 0.25 * 0.00001667);
    expect(found.perRun).toBeCloseTo(jobs + 76 * 0.000025 + lambda, 8);
    expect(found.perMonth).toBeCloseTo(found.idlePerMonth + 10 * found.perRun);
  });

  it("marks what rests on a price that was not read on a page of AWS", () => {
    expect(found.run.map(({ what, approximate }) => [what.split(",")[0], approximate])).toEqual([
      ["DataPreprocessing", true],
      ["ModelTraining", true],
      ["state transitions", false],
      ["function calls", false],
      ["function time", false],
    ]);
    expect(estimateText(found)).toMatch(/DataPreprocessing, 1 × ml\.m5\.large × 6 min +≈ \$0\.012\n/);
    expect(estimateText(found)).toMatch(/state transitions +\$0\.0019 \(76\)\n/);
  });

  it("says what it assumes", () => {
    expect(estimateText(found)).toContain("Assumed: processing 6 min, training 12 min, deployment 6 min");
    expect(estimateText(found)).toContain("a month with 10 runs");
  });
});

it("names a price that is missing, and leaves it out of the sums", () => {
  const found = estimateCosts(definition, { region: "ap-south-1" });
  expect(found.missing).toContain(
    "the price of hosting ml.t2.medium in ap-south-1 is unknown: add a row to cli/costs/prices.ts",
  );
  expect(found.idlePerMonth).toBe(0);
  const text = estimateText(found);
  expect(text).toMatch(/endpoint, 1 × ml\.t2\.medium +unknown price\n/);
  expect(text).toMatch(/idle, a month +unknown, at least \$0\.00, without endpoint, 1 × ml\.t2\.medium\n/);
});

it("costs nothing for a serverless endpoint without requests, and shows its unit price", () => {
  const found = estimateCosts(endpointConfig({ ServerlessConfig: { MemorySizeInMB: 2048 } }), {
    region: "us-east-1",
  });
  expect(found.idlePerMonth).toBe(0);
  expect(found.missing).toEqual([]);
  expect(estimateText(found)).toMatch(/serverless inference +≈ \$0\.000020 per GB-second/);
  expect(estimateText(found)).toMatch(/requests, with 2048 MB +≈ \$0\.000040 per second/);
  expect(estimateText(found)).toContain("costs nothing without requests. It has no canary");
});

it("says so where no price is known for a serverless endpoint's answers", () => {
  const found = estimateCosts(endpointConfig({ ServerlessConfig: { MemorySizeInMB: 2048 } }), {
    region: "eu-west-1",
  });
  expect(found.missing).toEqual([
    "the price of serverless inference in eu-west-1 is unknown: add a row to cli/costs/prices.ts",
  ]);
});

it("says how an update goes", () => {
  const how = (shift: "canary" | "linear") => {
    const endpoint = { kind: "instance", initialInstanceCount: 2, update: { shift } } as const;
    const text = JSON.stringify(workflowDefinition(workflow({ endpoint })).definition);
    return estimateCosts(parseDefinition(text), { region: "us-east-1" }).run.at(-1)?.what;
  };
  expect(how("canary")).toMatch(/^update by a canary, 2 more/);
  expect(how("linear")).toMatch(/^update in linear steps, 2 more/);
});

it("says what a canary would take, where there is one instance", () => {
  const { notes, run } = estimateCosts(definition, { region: "us-east-1" });
  expect(notes).toEqual([
    "A canary, or linear steps, require two or more instances: at least ≈ $81.76 a month. With 1 an update moves all traffic at once.",
  ]);
  expect(run.map(({ what }) => what).join()).not.toContain("canary");
});

it("prices all jobs of a tuning job, on all their instances", () => {
  const state = {
    Type: "Task",
    Resource: "arn:aws:states:::sagemaker:createHyperParameterTuningJob.sync",
    Arguments: {
      HyperParameterTuningJobConfig: { ResourceLimits: { MaxNumberOfTrainingJobs: 20 } },
      TrainingJobDefinition: { ResourceConfig: { InstanceType: "ml.m5.xlarge", InstanceCount: 2 } },
    },
    End: true,
  };
  const { run } = estimateCosts({ StartAt: "Tune", States: { Tune: state } }, { region: "us-east-1" });
  expect(run[0]).toMatchObject({ what: "Tune, 20 jobs × 2 × ml.m5.xlarge × 10 min" });
  expect(run[0]?.usd).toBeCloseTo(20 * 2 * (10 / 60) * 0.23);
});

it("prices the deployed maximum of a tuning, and tells what a run without it has", () => {
  const tuned = parseDefinition(JSON.stringify(workflowDefinition(workflow({ tuning })).definition));
  const { run, notes } = estimateCosts(tuned, { region: "us-east-1" });
  const [, found] = run;
  expect(found?.what).toBe("ModelTuning, 20 jobs × 1 × ml.m5.large × 10 min");
  expect(found?.usd).toBeCloseTo(20 * (10 / 60) * 0.115);
  expect(run.map(({ what }) => what).join()).not.toContain("ModelTraining");
  expect(notes).toContain(
    'The sums have the largest number of training jobs. With "Tuning": false in its input, a run has ModelTraining, 1 × ml.m5.large × 10 min instead.',
  );
});

it("prices a spot job on demand, and tells the range of what it may cost", () => {
  const training = { ...workflow().settings.training, folder: "f", spot: { maxWaitInSeconds: 7200 } };
  const onSpot = parseDefinition(JSON.stringify(workflowDefinition(workflow({ training })).definition));
  const { run, notes } = estimateCosts(onSpot, { region: "us-east-1" });
  expect(run[1]?.usd).toBeCloseTo((10 / 60) * 0.115);
  expect(notes.join()).toContain(
    "ModelTraining, 1 × ml.m5.large × 10 min runs on spot instances and is in the sums at the price on demand. AWS names savings of up to 90 %: ≈ $0.0019 to ≈ $0.019 a run",
  );
});

it("prices a warm pool until its time is over", () => {
  const state = {
    Type: "Task",
    Resource: "arn:aws:states:::sagemaker:createTrainingJob.sync",
    Arguments: {
      ResourceConfig: { InstanceType: "ml.m5.large", InstanceCount: 2, KeepAlivePeriodInSeconds: 1800 },
    },
    End: true,
  };
  const pooled = parseDefinition(JSON.stringify({ StartAt: "Train", States: { Train: state } }));
  const { run } = estimateCosts(pooled, { region: "us-east-1" });
  const pool = run.find(({ what }) => what === "Train, warm pool, 2 × ml.m5.large × up to 30 min");
  expect(pool?.usd).toBeCloseTo(2 * 0.5 * 0.115);
});

it("tells of a size that is decided when it runs", () => {
  const variant = { InstanceType: "{% $size %}", InitialInstanceCount: 1 };
  const { missing } = estimateCosts(endpointConfig(variant), { region: "us-east-1" });
  expect(missing).toEqual(["endpoint, 1 × instance: its size is decided at run time"]);
});

it("counts keys, dashboards, and alarms by their metrics", () => {
  const { idle } = estimateCosts(definition, {
    region: "us-east-1",
    resources: [
      { type: "aws_kms_key", values: {} },
      { type: "aws_cloudwatch_dashboard", values: {} },
      { type: "aws_cloudwatch_metric_alarm", values: { metric_query: [] } },
      {
        type: "aws_cloudwatch_metric_alarm",
        values: { metric_query: [{ metric: [{}] }, { metric: [{}] }, { expression: "a / b", metric: [] }] },
      },
    ],
  });
  expect(idle.slice(1).map(({ what, usd }) => [what, usd])).toEqual([
    ["1 × KMS key", 1],
    ["3 × alarm", expect.closeTo(0.3)],
    ["1 × dashboard", 3],
  ]);
});

describe("estimateStack", () => {
  const machine = { definition: JSON.stringify(definition) };

  it("reads a synthesized stack", () => {
    const stack = { resource: { aws_sfn_state_machine: { M: machine }, aws_kms_key: { K: {} } } };
    expect(estimateStack("dev-pipeline", stack, "us-east-1", { runsPerMonth: 2 })).toMatchObject({
      runsPerMonth: 2,
      idle: [{ what: "endpoint, 1 × ml.t2.medium" }, { what: "1 × KMS key" }],
    });
  });

  it("prices the machine with jobs, and the endpoint that the one of releases makes", () => {
    const manual = workflow({ approval: "manual", endpoint: { instanceType: "ml.m5.large" } });
    const machines = {
      Release: { definition: JSON.stringify(releaseDefinition(manual).definition) },
      StateMachine: { definition: JSON.stringify(workflowDefinition(manual).definition) },
    };
    const stack = { resource: { aws_sfn_state_machine: machines } };
    const { idle, run } = estimateStack("dev-pipeline", stack, "us-east-1", {});
    expect(idle.map(({ what }) => what)).toEqual(["endpoint, 1 × ml.m5.large"]);
    expect(run.map(({ what }) => what.split(",")[0])).toEqual(
      expect.arrayContaining(["DataPreprocessing", "ModelTraining"]),
    );
  });

  it("fails for a stack without a state machine", () => {
    expect(() => estimateStack("dev-test-run", {}, "us-east-1", {})).toThrow(
      "The stack dev-test-run must have a state machine",
    );
  });
});

it.each([
  [0, "$0.00"],
  [40.876, "$40.88"],
  [0.0299, "$0.030"],
  [0.1, "$0.10"],
  [0.0000002, "$0.00000020"],
])("writes %d without an exponent", (amount, text) => {
  expect(usd(amount, false)).toBe(text);
});

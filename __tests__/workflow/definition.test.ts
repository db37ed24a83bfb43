import type { State, StateGraph, TaskState } from "../../workflow/asl/states";
import { compose, workflowDefinition } from "../../workflow/definition";
import { failures } from "../../workflow/failures";
import type { WorkflowProps } from "../../workflow/props";
import { tuning, workflow } from "../fixtures";
import { context, evaluate } from "./evaluate";

const aslValidator = require("asl-validator") as (definition: unknown) => {
  isValid: boolean;
  errorsText(separator: string): string;
};

const scaled = {
  instanceType: "ml.m5.large",
  autoscaling: { minInstances: 1, maxInstances: 3, invocationsPerInstance: 600 },
};
const { definition } = workflowDefinition(workflow());
const state = <T extends State>(name: string) => definition.States[name] as T;

/** Every task, those inside maps too. */
function tasks(graph: StateGraph): [string, TaskState, boolean][] {
  return Object.entries(graph.States).flatMap(([name, s]): [string, TaskState, boolean][] => {
    if (s.Type === "Map") return tasks(s.ItemProcessor).map(([n, t]) => [n, t, s.Catch !== undefined]);
    return s.Type === "Task" ? [[name, s, s.Catch !== undefined]] : [];
  });
}

describe("the definition", () => {
  it("is one that Step Functions accepts", () => {
    const result = aslValidator(definition);
    expect(result.isValid ? "" : result.errorsText("\n")).toBe("");
  });

  it("keeps the recipe's states by name", () => {
    expect(Object.keys(definition.States)).toEqual(
      expect.arrayContaining([
        "DataPreprocessing",
        "ModelTraining",
        "ModelEvaluation",
        "CheckModelPerformance",
        "CreateModel",
        "CreateEndpointConfig",
        "CreateEndpoint",
        "MLPipelineComplete",
        "ProcessingJobFailed",
        "TrainingJobFailed",
        "ModelPerformanceInsufficient",
      ]),
    );
  });

  it("asks for the function of a smoke test rather than naming none", () => {
    expect(() => workflowDefinition(workflow({}, { smokeTestFunctionVersionArn: undefined }))).toThrow(
      "smokeTest needs a function",
    );
  });

  it("catches every error of every task, and ends each in a named failure", () => {
    for (const [name, task, caught] of tasks(definition)) {
      expect([name, caught]).toEqual([name, true]);
      expect(task.Catch?.at(-1)?.ErrorEquals ?? ["States.ALL"]).toEqual(["States.ALL"]);
    }
    const full = workflow({
      comparison: { folder: "python/scripts", entryPoint: "comparison.py" },
      endpoint: scaled,
      tuning,
    });
    const ends = Object.entries(workflowDefinition(full).definition.States).filter(
      ([, s]) => s.Type === "Fail",
    );
    expect(ends.map(([name]) => name).sort()).toEqual(Object.keys(failures).sort());
    for (const [name, , caught] of tasks(workflowDefinition(full).definition))
      expect([name, caught]).toEqual([name, true]);
    for (const [name, end] of ends) expect(end).toMatchObject({ Error: name });
  });

  it("tells the gate which values are better", () => {
    const states = (gate: WorkflowProps["gate"]) => {
      const { States } = workflowDefinition(workflow({ gate })).definition;
      return [States.ModelEvaluation, States.RegisterModel].map((state) => JSON.stringify(state));
    };
    for (const state of states({ metric: "test_rmse", threshold: 0.6, better: "smaller" })) {
      expect(state).toMatch(/"[Bb]etter":"smaller"/);
    }
    for (const state of states({ metric: "test_r2", threshold: 0.7 })) {
      expect(state).toMatch(/"[Bb]etter":"greater"/);
    }
  });

  it("limits every task and the execution in time", () => {
    for (const [name, task] of tasks(definition))
      expect([name, task.TimeoutSeconds]).not.toEqual([name, undefined]);
    expect(definition.TimeoutSeconds).toBeGreaterThan(3 * (5400 + 5400));
  });

  it("never retries what a failed job reports: that is the choice after the catch", () => {
    for (const [, task] of tasks(definition)) {
      for (const { ErrorEquals } of task.Retry ?? []) {
        expect(ErrorEquals).not.toEqual(expect.arrayContaining([expect.stringMatching(/^States\./)]));
      }
    }
  });

  it("spreads retries by jitter", () => {
    for (const retry of tasks(definition).flatMap(([, task]) => task.Retry ?? [])) {
      expect(retry).toMatchObject({ JitterStrategy: "FULL" });
    }
  });

  it("tags everything it creates with environment and execution", async () => {
    const creating = tasks(definition).filter(
      ([, t]) => /:create|updateEndpoint/.test(t.Resource) && "Tags" in t.Arguments,
    );
    expect(creating.map(([name]) => name)).toEqual([
      "DataPreprocessing",
      "ModelTraining",
      "CreateModel",
      "CreateEndpointConfig",
      "CreateEndpoint",
    ]);
    const tags = creating[0]?.[1].Arguments.Tags as { Key: string; Value: string }[];
    expect(tags.map(({ Key }) => Key)).toEqual(["workflow", "environment", "execution", "reason"]);
    expect(await evaluate(tags[2]?.Value as string, { context: context({ Name: "it's(1)" }) })).toBe(
      "it-s-1-",
    );
  });

  it("holds nothing that Terraform would read as its own", () => {
    expect(JSON.stringify(definition)).not.toMatch(/[$%]\{/);
  });
});

describe("the definition of a workflow", () => {
  it.each([
    ["with a comparison", { comparison: { folder: "f", entryPoint: "c.py" } }],
    ["with a tuning", { tuning }],
    ["with approval by a person", { approval: "manual" as const }],
    ["with a serverless endpoint", { endpoint: { kind: "serverless" as const } }],
    ["with autoscaling", { endpoint: scaled }],
  ])("%s is one that Step Functions accepts", (_, props) => {
    const result = aslValidator(workflowDefinition(workflow(props)).definition);
    expect(result.isValid ? "" : result.errorsText("\n")).toBe("");
  });

  it("looks for an A/B test before the first job, where it deploys to instances", () => {
    const states = (props: Partial<WorkflowProps>) =>
      Object.entries(workflowDefinition(workflow(props)).definition.States).map(([name]) => name);
    const order = states({});
    expect(order).toContain("FindExperiment");
    expect(order.indexOf("FindExperiment")).toBeLessThan(order.indexOf("PinCode"));
    expect(states({ approval: "manual" })).not.toContain("FindExperiment");
    expect(states({ endpoint: { kind: "serverless" } })).not.toContain("FindExperiment");
  });

  it("has no endpoint to make where a person approves first", () => {
    const { definition, policyStatements } = workflowDefinition(workflow({ approval: "manual" }));
    expect(Object.keys(definition.States)).not.toContain("CreateEndpoint");
    expect(JSON.stringify(policyStatements)).not.toContain("sagemaker:CreateEndpoint");
  });
});

describe("the processing request", () => {
  const { Arguments } = state<TaskState>("DataPreprocessing");

  it("fits SageMaker's limits", () => {
    const spec = Arguments.AppSpecification as {
      ContainerEntrypoint: string[];
      ContainerArguments: string[];
    };
    for (const text of [...spec.ContainerEntrypoint, ...spec.ContainerArguments]) {
      expect(text.length).toBeLessThanOrEqual(256);
    }
  });

  it("writes each attempt's output where no other attempt writes", async () => {
    const outputs = Arguments.ProcessingOutputConfig as { Outputs: { S3Output: { S3Uri: string } }[] };
    const uri = outputs.Outputs[0]?.S3Output.S3Uri as string;
    const variables = { attempt: 1 };
    const first = await evaluate(uri, { context: context() }, variables);
    expect(first).toMatch(
      /^s3:\/\/housing-dev-bucket\/processed-data\/housing-dev-prep-run-1-[0-9a-f]{8}-1-0$/,
    );
    expect(await evaluate(uri, { context: context({ RetryCount: 1 }) }, variables)).not.toBe(first);
  });
});

describe("the training request", () => {
  const { Arguments } = state<TaskState>("ModelTraining");

  it("has hyperparameters as strings, the script's own replaced one by one by the input's", async () => {
    const choice = definition.States.CheckInput as Extract<State, { Type: "Choice" }>;
    const Input = { HyperParameters: { "n-estimators": 7, "max-depth": true } };
    const merged = choice.Choices[0]?.Assign?.hyperparameters as string;
    const hyperparameters = await evaluate(merged, { context: context({ Input }) });
    expect(hyperparameters).toEqual({
      "n-estimators": "7",
      "max-depth": "true",
      "min-samples-split": "5",
      "random-state": "42",
    });
    const variables = { hyperparameters, executionFolder: "run-1-abcd" };
    expect(
      await evaluate(Arguments.HyperParameters as string, { context: context() }, variables),
    ).toMatchObject({
      "n-estimators": "7",
      sagemaker_program: "training.py",
      sagemaker_submit_directory:
        "s3://housing-dev-bucket/code/executions/run-1-abcd/scripts-0123456789abcdef.tar.gz",
    });
    expect(await evaluate(merged)).toMatchObject({ "n-estimators": "100" });
  });

  it("has metrics whose expressions catch what the script prints", () => {
    const spec = Arguments.AlgorithmSpecification as { MetricDefinitions: { Name: string; Regex: string }[] };
    const { Regex } = spec.MetricDefinitions.find(({ Name }) => Name === "test_r2") as { Regex: string };
    expect(new RegExp(Regex).exec("INFO test_r2: -1.25e-05 done")?.[1]).toBe("-1.25e-05");
  });
});

describe("a job that ended badly", () => {
  const failed = (cause: string) => {
    const [catcher] = state<TaskState>("ModelTraining").Catch ?? [];
    const errorOutput = { Error: "States.TaskFailed", Cause: cause };
    return evaluate(catcher?.Assign?.failure as string, { errorOutput });
  };
  const again = (failure: unknown, attempt: number) => {
    const choice = definition.States.TrainingAttemptFailed as Extract<State, { Type: "Choice" }>;
    return evaluate(choice.Choices.at(-1)?.Condition as string, {}, { failure, attempt, capacityWaits: 0 });
  };

  it("is told by job and reason", async () => {
    const cause = JSON.stringify({
      TrainingJobName: "job-1",
      FailureReason: "AlgorithmError: bad",
      ExitMessage: "column x",
    });
    expect(await failed(cause)).toEqual({
      state: "ModelTraining",
      error: "States.TaskFailed",
      job: "job-1",
      reason: "AlgorithmError: bad column x",
    });
  });

  it("is told by the text itself where the cause is no description", async () => {
    expect(await failed("Access denied")).toMatchObject({ reason: "Access denied" });
    expect(await failed("{cut off")).toMatchObject({ reason: "{cut off" });
  });

  it.each([
    ["InternalServerError: We encountered an internal error. Please try again.", true],
    ["CapacityError: Unable to provision requested ML compute capacity.", false],
    ["AlgorithmError: ExecuteUserScriptError", false],
    ["ClientError: No S3 objects found", false],
  ])("after %s is run again: %p", async (reason, expected) => {
    const failure = await failed(JSON.stringify({ FailureReason: reason }));
    expect(await again(failure, 1)).toBe(expected);
    expect(await again(failure, 3)).toBe(false);
  });

  it("counts as failed when it was stopped", async () => {
    const name = state<TaskState>("ModelTraining").Assign?.trainingJobName as string;
    const result = (TrainingJobStatus: string) => ({
      result: { TrainingJobStatus, TrainingJobName: "job-1" },
    });
    expect(await evaluate(name, result("Completed"))).toBe("job-1");
    await expect(evaluate(name, result("Stopped"))).rejects.toMatchObject({
      message: expect.stringContaining("The job was stopped"),
    });
  });
});

describe("compose", () => {
  const end = { states: { End: { Type: "Succeed" } }, policyStatements: [] } as const;

  it("fails when two steps bring a state of the same name", () => {
    expect(() => compose("", 60, [end, end])).toThrow("Names of states must be unique, got End twice");
  });

  it("fails with every problem of the definition", () => {
    const start = {
      states: { Start: { Type: "Pass", Next: "Nowhere" }, Lost: { Type: "Pass", Next: "Elsewhere" } },
      policyStatements: [],
    } as const;
    expect(() => compose("", 60, [start, end])).toThrow(
      /Start transitions to Nowhere.*\n.*Lost transitions to Elsewhere/,
    );
  });
});

import type { MapState, State, TaskState } from "../../workflow/asl/states";
import { releaseDefinition } from "../../workflow/definition";
import { sageMakerRoles } from "../../workflow/roles";
import { references, workflow } from "../fixtures";
import { evaluate } from "./evaluate";

const aslValidator = require("asl-validator") as (definition: unknown) => {
  isValid: boolean;
  errorsText(separator: string): string;
};

const { definition } = releaseDefinition(workflow({ retainedReleases: 2 }));
const state = <T extends State>(name: string) => definition.States[name] as T;

/** The state that a Choice leads to. */
async function choose(name: string, variables: Record<string, unknown>): Promise<string | undefined> {
  const choice = state<Extract<State, { Type: "Choice" }>>(name);
  for (const rule of choice.Choices) if (await evaluate(rule.Condition, {}, variables)) return rule.Next;
  return choice.Default;
}

const endpoint = (status: string, configName = "", pendingConfigName = "", sharing = 1) => ({
  status,
  configName,
  pendingConfigName,
  sharing,
  reason: "",
});

describe("the definition of a release", () => {
  it("is one that Step Functions accepts, and ends in named failures", () => {
    const result = aslValidator(definition);
    expect(result.isValid ? "" : result.errorsText("\n")).toBe("");
    const ends = Object.entries(definition.States).filter(([, s]) => s.Type === "Fail");
    expect(ends.map(([name]) => name)).toEqual([
      "InvalidInput",
      "PackageUnusable",
      "DeploymentFailed",
      "ExperimentRunning",
      "RolledBack",
      "RollbackFailed",
    ]);
  });

  it("catches every error of every task, and limits it in time", () => {
    for (const [name, s] of Object.entries(definition.States)) {
      if (s.Type !== "Task" && s.Type !== "Map") continue;
      expect([name, s.Catch?.at(-1)?.ErrorEquals]).toEqual([name, ["States.ALL"]]);
      const [task] = s.Type === "Map" ? Object.values(s.ItemProcessor.States) : [s];
      expect([name, task]).toEqual([name, expect.objectContaining({ TimeoutSeconds: expect.any(Number) })]);
    }
  });

  it("tests nothing where nothing is to be asked, and goes back by itself then", () => {
    const { States } = releaseDefinition(workflow({ smokeTest: undefined })).definition;
    expect(Object.keys(States)).not.toEqual(expect.arrayContaining(["SmokeTest"]));
    expect(Object.keys(States)).not.toEqual(expect.arrayContaining(["RestoreEndpoint"]));
  });
});

describe("deploying", () => {
  it.each([
    ["Absent", 0, "CreateEndpoint"],
    ["Failed", 0, "DeleteFailedEndpoint"],
    ["Failed", 121, "DeploymentFailed"],
    ["InService", 0, "UpdateEndpoint"],
    ["UpdateRollbackFailed", 0, "UpdateEndpoint"],
    ["Creating", 0, "WaitForOtherDeployment"],
    ["Updating", 7, "WaitForOtherDeployment"],
    ["Deleting", 7, "WaitForOtherDeployment"],
    ["Updating", 120, "DeploymentFailed"],
  ])("to an endpoint that is %s after %i checks goes to %s", async (status, checks, next) => {
    const variables = { endpoint: endpoint(status), endpointConfigName: "ours", checks };
    expect(await choose("ChooseDeployment", variables)).toBe(next);
  });

  it("checks again after an error of SageMaker that it does not name, and of the connection", () => {
    for (const [name, next] of [
      ["FindEndpoint", "ChooseDeployment"],
      ["ReadEndpointTags", "ChooseDeployment"],
    ]) {
      const [first] = state<TaskState>(name as string).Catch ?? [];
      expect(first).toMatchObject({
        ErrorEquals: ["SageMaker.SageMakerException", "SageMaker.SdkClientException"],
        Next: next,
      });
    }
  });

  it("leaves an endpoint alone whose traffic several variants share", async () => {
    const variables = {
      endpoint: endpoint("InService", "test", "", 2),
      endpointConfigName: "ours",
      checks: 0,
    };
    expect(await choose("ChooseDeployment", variables)).toBe("ExperimentRunning");
  });

  it.each([
    ["ModelRefused", "Cannot create already existing model", 0, "CreateEndpointConfig"],
    ["ModelRefused", "Rate exceeded", 0, "WaitForModel"],
    ["ModelRefused", "Rate exceeded", 3, "DeploymentFailed"],
    ["ConfigRefused", "Cannot create already existing endpoint configuration", 0, "FindEndpoint"],
    ["ConfigRefused", "Rate exceeded", 2, "WaitForConfig"],
    ["ConfigRefused", "Rate exceeded", 3, "DeploymentFailed"],
  ])("after %s because of %j, attempt %i, goes to %s", async (choice, reason, checks, next) => {
    expect(await choose(choice, { failure: { reason }, checks })).toBe(next);
  });

  it("does not retry what may have the name already before it asks whether it has", () => {
    for (const name of ["CreateModel", "CreateEndpointConfig"]) {
      const retried = state<TaskState>(name).Retry?.flatMap(({ ErrorEquals }) => ErrorEquals);
      expect(retried).toEqual(["SageMaker.ResourceLimitExceededException"]);
    }
  });

  it.each([
    ["InService", "ours", "", "SmokeTest"],
    ["Creating", "ours", "", "WaitForEndpoint"],
    ["Updating", "before", "ours", "WaitForEndpoint"],
    ["Updating", "before", "", "WaitForEndpoint"],
    ["Updating", "ours", "theirs", "FindEndpoints"],
    ["InService", "theirs", "", "FindEndpoints"],
    ["InService", "before", "", "RolledBack"],
    ["Failed", "ours", "", "DeploymentFailed"],
  ])("that finds %s with %s (pending: %s) goes to %s", async (status, config, pending, next) => {
    const variables = {
      endpoint: endpoint(status, config, pending),
      endpointConfigName: "ours",
      replacedConfigName: "before",
      checks: 1,
    };
    expect(await choose("EndpointInService", variables)).toBe(next);
  });

  it.each([
    ["", "The endpoint is Failed after 3 checks, not InService with ours: no answer"],
    ["ours", "The endpoint is Failed after 3 checks, not InService with ours: no answer"],
    [
      "before",
      "The endpoint is Failed after 3 checks with the configuration before, not InService with ours: no answer",
    ],
  ])("names each configuration once where it has failed with %j", async (configName, reason) => {
    const { Choices } = state<Extract<State, { Type: "Choice" }>>("EndpointInService");
    const failed = Choices.find(({ Next }) => Next === "DeploymentFailed")?.Assign?.failure as string;
    const variables = {
      endpoint: { ...endpoint("Failed", configName), reason: "no answer" },
      endpointConfigName: "ours",
      endpointName: "wine",
      checks: 3,
    };
    expect(await evaluate(failed, {}, variables)).toMatchObject({
      endpoint: "wine",
      reason,
    });
  });

  it("waits 1, 2, 4, 8, 16, 30 and 30 seconds", async () => {
    const wait = state<Extract<State, { Type: "Wait" }>>("WaitForEndpoint");
    const seconds = [1];
    for (let i = 0; i < 6; i++) {
      seconds.push((await evaluate(wait.Assign?.pause as string, {}, { pause: seconds.at(-1) })) as number);
    }
    expect(seconds).toEqual([1, 2, 4, 8, 16, 30, 30]);
  });

  it("takes a missing endpoint for absent, and a throttled look-up for neither", async () => {
    const [catcher] = state<TaskState>("FindEndpoint").Catch ?? [];
    const found = (Cause: string) =>
      evaluate(catcher?.Assign?.endpoint as string, {
        errorOutput: { Error: "SageMaker.SageMakerException", Cause },
      });
    expect(await found('Could not find endpoint "arn:…". (Service: SageMaker)')).toMatchObject({
      status: "Absent",
    });
    expect(await found("Rate exceeded (Service: SageMaker)")).toMatchObject({ status: "Unknown" });
  });
});

describe("going back from a model that failed the smoke test", () => {
  it.each([
    ["InService", "ours", "before", 0, "RestoreEndpoint"],
    ["InService", "ours", "none", 0, "RemoveEndpoint"],
    ["Updating", "ours", "before", 1, "WaitForRollback"],
    ["Unknown", "none", "before", 1, "WaitForRollback"],
    ["InService", "before", "before", 1, "RolledBack"],
    ["InService", "theirs", "before", 0, "RolledBack"],
    ["Absent", "none", "none", 1, "RolledBack"],
    ["Absent", "none", "before", 0, "RollbackFailed"],
    ["InService", "ours", "before", 3, "RollbackFailed"],
    ["Failed", "ours", "before", 3, "RollbackFailed"],
  ])(
    "%s with %s, and %s before, after %i attempts, leads to %s",
    async (status, config, before, tries, next) => {
      const variables = {
        endpoint: endpoint(status, config),
        endpointConfigName: "ours",
        replacedConfigName: before,
        rollbacks: tries,
        checks: 1,
      };
      expect(await choose("ChooseRollback", variables)).toBe(next);
    },
  );
});

describe("retention", () => {
  const assigned = (name: string, variable: string, result: unknown, variables = {}) =>
    evaluate(state<TaskState | MapState>(name).Assign?.[variable] as string, { result }, variables);

  it("asks for endpoints of this workflow only", async () => {
    const names = ["housing-dev", "housing-dev-mine", "housing-developers", "my-housing-dev"];
    const result = { Endpoints: names.map((EndpointName) => ({ EndpointName })) };
    expect(await assigned("FindEndpoints", "endpointNames", result)).toEqual(names.slice(0, 2));
    expect(await assigned("FindEndpoints", "endpointNames", { Endpoints: [] })).toEqual([]);
  });

  it("removes nothing where a page does not show every endpoint", async () => {
    const result = { EndpointConfigs: [{ EndpointConfigName: "housing-dev-config-1" }] };
    const names = (allEndpoints: boolean) => assigned("FindConfigs", "configNames", result, { allEndpoints });
    expect(await names(true)).toEqual(["housing-dev-config-1"]);
    expect(await names(false)).toEqual([]);
  });

  it("takes what an endpoint serves, and what it moves to, for in use", async () => {
    const results = [{ configs: ["a", "b"] }, { configs: ["c"] }];
    expect(await assigned("ReadEndpoints", "servingConfigs", results)).toEqual(["a", "b", "c"]);
    expect(await assigned("ReadEndpoints", "servingConfigs", [{ configs: ["a"] }])).toEqual(["a"]);
    expect(await assigned("ReadEndpoints", "servingConfigs", [])).toEqual([]);
  });

  it.each([
    ["the newest are kept", ["e"], ["c", "b", "a"], ["m3", "m2", "m1"]],
    ["one that serves is kept", ["e", "b"], ["c", "a"], ["m3", "m1"]],
    ["none is superseded", ["a", "b", "c"], [], []],
  ])("%s", async (_, servingConfigs, configs, models) => {
    const found = ["e", "d", "c", "b", "a"].map((name, index) => ({ name, models: [`m${5 - index}`] }));
    expect(await assigned("ReadConfigs", "supersededConfigs", found, { servingConfigs })).toEqual(configs);
    expect(await assigned("ReadConfigs", "supersededModels", found, { servingConfigs })).toEqual(models);
  });

  it("keeps a model that a kept configuration has, too", async () => {
    const found = [
      { name: "d", models: ["m1"] },
      { name: "c", models: ["m2"] },
      { name: "b", models: ["m1", "m3"] },
      { name: "a", models: ["m3"] },
    ];
    expect(await assigned("ReadConfigs", "supersededModels", found, { servingConfigs: [] })).toEqual(["m3"]);
  });
});

describe("alarms that roll an update back", () => {
  const guarded = { endpoint: { initialInstanceCount: 2 }, rollbackAlarms: ["orders-low"] };

  it("are those of the endpoint and those that the workflow names", () => {
    const { States } = releaseDefinition(workflow(guarded)).definition;
    const { Arguments } = States.UpdateEndpoint as TaskState;
    expect(Arguments).toMatchObject({
      DeploymentConfig: {
        AutoRollbackConfiguration: {
          Alarms: ["housing-dev-endpoint-errors", "housing-dev-endpoint-latency", "orders-low"].map(
            (AlarmName) => ({ AlarmName }),
          ),
        },
      },
    });
    const { settings } = workflow(guarded);
    expect(JSON.stringify(sageMakerRoles(settings, references).serving)).toContain(":alarm:orders-low");
  });

  it("are refused where nothing could be rolled back", () => {
    expect(() => workflow({ rollbackAlarms: ["orders-low"] })).toThrow(
      /an endpoint that always has at least two instances/,
    );
    expect(() => workflow({ ...guarded, rollbackAlarms: Array(9).fill("a") })).toThrow(/at most 8, got 9/);
  });
});

describe("before anything is made, a release", () => {
  const file = (url: string, found: string) => ({ url, registered: "aGFzaA==", found });

  it("compares both files with what was registered", async () => {
    expect(await choose("FilesUnchanged", { files: [file("a", "aGFzaA=="), file("b", "aGFzaA==")] })).toBe(
      "CreateModel",
    );
    expect(await choose("FilesUnchanged", { files: [file("a", "aGFzaA=="), file("b", "none")] })).toBe(
      "PackageUnusable",
    );
    const map = state<MapState>("ReadFiles");
    const named = { url: "s3://b/model-artifacts/j/output/model.tar.gz", registered: "aGFzaA==" };
    const task = Object.values(map.ItemProcessor.States)[0] as TaskState;
    expect(task.Arguments).toMatchObject({ ChecksumMode: "ENABLED" });
    expect(await evaluate(task.Output as string, { input: named, result: {} })).toEqual({
      ...named,
      found: "none",
    });
    for (const spelling of ["ChecksumSHA256", "ChecksumSha256"]) {
      const states = { input: named, result: { [spelling]: "b3RoZXI=" } };
      expect(await evaluate(task.Output as string, states)).toEqual({ ...named, found: "b3RoZXI=" });
    }
  });

  it.each([{ modelSha256: "aGFzaA==" }, { evaluationSha256: "aGFzaA==" }, {}])(
    "refuses a version that has only %j",
    async (hashes) => {
      const version = { measured: true, status: "Completed", approval: "Approved" };
      const all = { modelSha256: "aGFzaA==", evaluationSha256: "aGFzaA==" };
      expect(await choose("PackageReady", { package: { ...version, ...all }, looks: 1 })).toBe(
        "FindArtifact",
      );
      expect(await choose("PackageReady", { package: { ...version, ...hashes }, looks: 1 })).toBe(
        "PackageUnusable",
      );
    },
  );

  it("looks whose the endpoint is", async () => {
    const owner = async (Tags: object[]) =>
      await evaluate(state<TaskState>("ReadEndpointTags").Assign?.endpointOwner as string, {
        result: { Tags },
      });
    expect(await owner([{ Key: "workflow", Value: "housing-dev" }])).toBe("housing-dev");
    expect(await owner([{ Key: "team", Value: "housing-dev" }])).toBe("");
    expect(await choose("EndpointIsOurs", { endpointOwner: "housing-dev" })).toBe("ChooseDeployment");
    for (const endpointOwner of ["", "housing-prod", "housing-dev-2"]) {
      expect(await choose("EndpointIsOurs", { endpointOwner })).toBe("DeploymentFailed");
    }
  });
});

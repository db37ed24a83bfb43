import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import type { Aws } from "../../../cli/account/clients";
import { describeFailure, readFailure } from "../../../cli/execution/failure";
import { explain, FailedError, OutcomeUnknownError, UsageError } from "../../../cli/terminal/errors";
import { workflowProps } from "../../../configuration";

const logs = (events: { message: string }[], logStreamName: string | undefined = "job-1/algo-1-1") =>
  ({
    logs: () => ({
      send: async (command: object) =>
        command.constructor.name === "DescribeLogStreamsCommand"
          ? { logStreams: logStreamName === undefined ? [] : [{ logStreamName }] }
          : { events },
    }),
  }) as unknown as Aws;

const cause = JSON.stringify({
  state: "ModelTraining",
  job: "job-1",
  reason: "AlgorithmError: no column target",
});

describe("readFailure", () => {
  it("tells state, job, reason and the last lines of the job's log", async () => {
    const failure = await readFailure(logs([{ message: "line 1" }, { message: "line 2" }]), {
      status: "FAILED",
      error: "TrainingJobFailed",
      cause,
    });
    expect(describeFailure(failure)).toBe(
      [
        "The execution ended as FAILED",
        "  state: ModelTraining",
        "  error: TrainingJobFailed",
        "  job: job-1",
        "  reason: AlgorithmError: no column target",
        "  last lines of the job's log:",
        "    line 1",
        "    line 2",
      ].join("\n"),
    );
  });

  it("begins with the line of the script that failed, and does not say its exception again", async () => {
    const lines = ['  File "/opt/ml/code/training.py", line 7, in <module>', "ValueError: no rows"];
    const script = {
      ...JSON.parse(cause),
      reason: 'ExecuteUserScriptError: ExitCode 1 ErrorMessage "" Command "x"',
    };
    const failure = await readFailure(
      logs(lines.map((message) => ({ message }))),
      { error: "TrainingJobFailed", cause: JSON.stringify(script) },
      workflowProps("local"),
    );
    expect(failure.place).toBe("python/scripts/training.py:7: ValueError: no rows");
    const text = describeFailure(failure);
    expect(text).toMatch(
      /^The execution ended as FAILED: python\/scripts\/training\.py:7: ValueError: no rows\n/,
    );
    expect(text).toContain("\n  reason: the script ended with exit code 1\n");
  });

  it.each([
    ["ProcessingJobFailed", "/aws/sagemaker/ProcessingJobs"],
    ["TrainingJobFailed", "/aws/sagemaker/TrainingJobs"],
    ["ComparisonFailed", "/aws/sagemaker/ProcessingJobs"],
  ])("reads the job's log of %s in %s", async (error, group) => {
    const groups: unknown[] = [];
    const aws = logs([{ message: "line" }]);
    const { send } = aws.logs();
    const watched = {
      logs: () => ({
        send: (command: Parameters<typeof send>[0]) => {
          groups.push((command.input as { logGroupName?: string }).logGroupName);
          return send(command);
        },
      }),
    } as unknown as Aws;
    expect(await readFailure(watched, { error, cause })).toMatchObject({ log: ["line"] });
    expect(new Set(groups)).toEqual(new Set([group]));
  });

  it.each(["{not JSON", "plain words", '"text"'])("takes the cause %s as the reason", async (text) => {
    const failure = await readFailure(logs([]), { status: "FAILED", error: "States.Runtime", cause: text });
    expect(failure).toMatchObject({ reason: text, log: [] });
  });

  it("tells of an aborted execution, which has no cause", async () => {
    const failure = await readFailure(logs([]), { status: "ABORTED" });
    expect(describeFailure(failure)).toBe("The execution ended as ABORTED");
  });

  it("still tells why when the log cannot be read", async () => {
    const broken = { logs: () => ({ send: () => Promise.reject(new Error("denied")) }) } as unknown as Aws;
    expect(await readFailure(broken, { error: "TrainingJobFailed", cause })).toMatchObject({
      job: "job-1",
      log: [],
    });
  });
});

/** What the SDK throws where it finds no credentials at all. */
async function noCredentials(): Promise<unknown> {
  const variables = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  Object.assign(process.env, {
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  });
  try {
    return await fromNodeProviderChain()().catch((error: unknown) => error);
  } finally {
    process.env = variables;
  }
}

describe("explain", () => {
  const named = (name: string, more = {}) => Object.assign(new Error("details"), { name, ...more });

  it.each([
    ["ExpiredTokenException", "have expired: log in again"],
    ["InvalidClientTokenId", "AWS does not know the access key"],
    ["UnrecognizedClientException", "AWS does not know the access key"],
    ["CredentialsProviderError", "cannot be used: log in"],
  ])("says what to do about %s, in the middle of a command as at its start", (name, message) => {
    const error = explain(named(name)) as Error;
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error.message).toContain(message);
    expect(error.message).toContain(`(${name}: details)`);
  });

  it("tells no credentials from refused ones", async () => {
    const error = explain(await noCredentials()) as Error;
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(
      /^There are no AWS credentials: .* To try the workflow without AWS: npm start$/,
    );
  });

  it("says that AWS could not be reached", () => {
    expect((explain(named("Error", { code: "ECONNREFUSED" })) as Error).message).toContain(
      "Cannot reach AWS",
    );
  });

  it("tells any other refusal of AWS by name and message, without a stack", () => {
    const error = explain(named("ValidationException", { $metadata: {} })) as Error;
    expect(error).toBeInstanceOf(FailedError);
    expect(error.message).toBe("AWS refused the request: ValidationException: details");
  });

  it.each(["AccessDenied", "AccessDeniedException"])(
    "tells %s, a missing permission, from credentials that are refused",
    (name) => {
      const error = explain(named(name, { $metadata: {} })) as Error;
      expect(error).toBeInstanceOf(FailedError);
      expect(error.message).toMatch(
        `AWS refused the request: ${name}: details. The AWS credentials are valid but lack this permission`,
      );
    },
  );

  it("leaves other errors as they are", () => {
    const error = named("TypeError");
    expect(explain(error)).toBe(error);
  });
});

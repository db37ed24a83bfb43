import type { OutputLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import type { Aws } from "../../../cli/account/clients";
import {
  endOfJob,
  endpointLogLines,
  jobLogLines,
  logText,
  relevantLines,
} from "../../../cli/execution/end-of-log";

const traceback = [
  "Traceback (most recent call last):",
  '  File "/usr/lib/flask/app.py", line 2446, in wsgi_app',
  "    response = self.full_dispatch_request()",
  '  File "/opt/ml/code/serve.py", line 18, in predict_fn',
  "    return model.predict(data)",
  '  File "/usr/lib/sklearn/base.py", line 9, in predict',
  "    raise ValueError(text)",
  "ValueError: X has 3 features",
];

describe("relevantLines", () => {
  it("are the last traceback from the script's first frame on, with the exception", () => {
    const old = ["Traceback (most recent call last):", "KeyError: 'old'"];
    const after = ['127.0.0.1 "POST /invocations HTTP/1.1" 500', "  indented"];
    expect(relevantLines(["starting", ...old, ...traceback, ...after])).toEqual([
      "Traceback (most recent call last):",
      ...traceback.slice(3),
    ]);
  });

  it("have the calls of each library in one line, and the script's own among them", () => {
    const own = ['  File "/opt/ml/code/serve.py", line 3, in f', "    return g(x)"];
    const pandas = (line: number) => [
      `  File "/env/lib/python3.9/site-packages/pandas/frame.py", line ${line}, in h`,
      "    raise KeyError(key)",
    ];
    const os = ['  File "/usr/lib/python3.9/os.py", line 679, in get', "    raise KeyError(key)"];
    const end = ["KeyError: 'rows'"];
    const lines = [...own, ...pandas(1), ...pandas(2), ...os, ...own, ...pandas(3), ...end];
    expect(relevantLines([traceback[0] as string, ...lines])).toEqual([
      ...[traceback[0], ...own, "  … in pandas", "  … in os", ...own, "  … in pandas"],
      ...end,
    ]);
  });

  it("are the whole traceback where no frame is the script's", () => {
    const others = traceback.map((line) => line.replace("/opt/ml/code", "/usr/lib"));
    expect(relevantLines(others)).toEqual(others);
  });

  it("are the end of a long traceback, and of one that is cut off", () => {
    const deep = Array.from({ length: 50 }, (_, i) => `  File "/opt/ml/code/deep.py", line ${i}, in f`);
    const lines = relevantLines([traceback[0] as string, ...deep, "RecursionError: too deep"]);
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([20, traceback[0], "RecursionError: too deep"]);
    expect(relevantLines(traceback.slice(0, -1)).at(-1)).toBe("    raise ValueError(text)");
  });

  it("are the last lines where there is no traceback", () => {
    const lines = Array.from({ length: 30 }, (_, i) => `line ${i}`);
    expect(relevantLines(lines)).toEqual(lines.slice(10));
  });
});

describe("endOfJob", () => {
  const later = Array.from({ length: 20 }, (_, i) => `line ${i}`);

  it("is a traceback from the script's own frames on, or else the last lines", () => {
    expect(endOfJob(["starting", ...traceback])).toEqual([traceback[0], ...traceback.slice(3)]);
    expect(endOfJob([...later, "usage: fit.py", "error: no depth"])).toEqual([
      ...later.slice(2),
      "usage: fit.py",
      "error: no depth",
    ]);
  });

  it("is no traceback that the script survived", () => {
    expect(endOfJob([...traceback, ...later])).toEqual(later);
  });
});

/** Logs of some groups, each with one stream. */
function logs(groups: Record<string, { time: number; lines: (string | OutputLogEvent)[] }>): Aws {
  const answers: Record<string, (input: { [key: string]: string } & { startTime?: number }) => object> = {
    DescribeLogGroupsCommand: ({ logGroupNamePrefix = "" }) => ({
      logGroups: Object.keys(groups)
        .filter((name) => name.startsWith(logGroupNamePrefix))
        .map((logGroupName) => ({ logGroupName })),
    }),
    DescribeLogStreamsCommand: ({ logGroupName = "" }) => ({
      logStreams: [{ logStreamName: "primary/i-1", lastEventTimestamp: groups[logGroupName]?.time }],
    }),
    GetLogEventsCommand: ({ logGroupName = "", startTime = 0 }) => ({
      events: groups[logGroupName]?.lines
        .map((line) => (typeof line === "string" ? { message: line, timestamp: Infinity } : line))
        .filter(({ timestamp = 0 }) => timestamp >= Number(startTime)),
    }),
  };
  const send = async (command: { input: Record<string, string> }) =>
    answers[command.constructor.name]?.(command.input);
  return { logs: () => ({ send }) } as unknown as Aws;
}

describe("endpointLogLines", () => {
  const begun = new Date(1_000_000);

  const group = "/aws/sagemaker/Endpoints/wine-dev";

  it("are those of the newest log of the endpoints that it may be", async () => {
    const aws = logs({
      [group]: { time: 1, lines: ["old"] },
      [`${group}-serverless`]: { time: 2, lines: ["new"] },
      "/aws/sagemaker/Endpoints/other": { time: 3, lines: ["other"] },
    });
    expect(await endpointLogLines(aws, "wine-dev", begun)).toEqual(["new"]);
  });

  it.each([
    [true, ["as it began", "after"]],
    [false, ["a minute before", "as it began", "after"]],
  ])(
    "are those since what failed began, by the clock of AWS (emulator: %s)",
    async (isEmulator, expected) => {
      const times = { "long before": -60_001, "a minute before": -60_000, "as it began": 0, after: 1 };
      const lines = Object.entries(times).map(([message, after]) => ({
        message,
        timestamp: begun.getTime() + after,
      }));
      const aws = { ...logs({ [group]: { time: 1, lines } }), isEmulator } as unknown as Aws;
      expect(await endpointLogLines(aws, "wine-dev", begun)).toEqual(expected);
    },
  );

  it("are none where there is no log, or it cannot be read", async () => {
    const denied = { logs: () => ({ send: () => Promise.reject(new Error("denied")) }) } as unknown as Aws;
    expect(await endpointLogLines(logs({}), "wine-dev", begun)).toEqual([]);
    expect(await endpointLogLines(denied, "wine-dev", begun)).toEqual([]);
    expect(await jobLogLines(denied, "train", "job")).toEqual([]);
  });
});

it("logText says whose lines they are, and nothing for none", () => {
  expect(logText("endpoint", ["a"])).toEqual(["  last lines of the endpoint's log:", "    a"]);
  expect(logText("job", [])).toEqual([]);
});

import type { Aws } from "../../../cli/account/clients";
import { followScoring } from "../../../cli/scoring/job";
import { workflowProps } from "../../../configuration";

/** A job that has failed, with a log. */
function failed(lines: readonly string[]): Aws {
  const answers: Record<string, object> = {
    DescribeTransformJobCommand: {
      TransformJobName: "score-1",
      TransformJobStatus: "Failed",
      FailureReason: "the model answered with status 500",
    },
    DescribeLogStreamsCommand: { logStreams: [{ logStreamName: "score-1/1" }] },
    GetLogEventsCommand: { events: lines.map((message) => ({ message })) },
  };
  const send = async (command: object) => answers[command.constructor.name];
  return { isEmulator: true, sagemaker: () => ({ send }), logs: () => ({ send }) } as unknown as Aws;
}

it("begins with the line of the inference script that failed, if the log shows it", async () => {
  const lines = [
    "Traceback (most recent call last):",
    '  File "/opt/ml/code/inference.py", line 12, in input_fn',
    "ValueError: 7 columns",
  ];
  const options = { timeoutSeconds: 9, workflow: workflowProps("local") };
  await expect(followScoring(failed(lines), "score-1", options)).rejects.toThrow(
    [
      "python/scripts/inference.py:12: ValueError: 7 columns",
      "The transform job score-1 ended as Failed: the model answered with status 500",
      "  last lines of the job's log:",
      ...lines.map((line) => `    ${line}`),
    ].join("\n"),
  );
  await expect(followScoring(failed(["Killed"]), "score-1", options)).rejects.toThrow(
    /^The transform job score-1 ended as Failed/,
  );
});

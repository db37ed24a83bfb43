/** What to change in a script after a failure whose message names only the effect. */

interface Advice {
  /** Matches the failure's reason or its log. */
  readonly pattern: RegExp;
  readonly text: (found: RegExpMatchArray) => string;
}

const page = "docs/own-workflow.md";
const capacityPage = "docs/training-capacity.md";

const advices: readonly Advice[] = [
  {
    pattern:
      /No S3 objects found under S3 URL "?s3:\/\/[^"\s]*processed-data\/[^"\s]*?([\w-]+)\/?"?(?=[\s."])/,
    text: ([, folder]) =>
      `the processing script wrote no ${folder}/: write at least one file into ${folder}/ of the folder that --output-data names (${page})`,
  },
  {
    pattern: /wrote nothing to its output data folder|the output archive must contain .*evaluation\.json/,
    text: () =>
      `the training script wrote no evaluation.json: write it into the folder of the variable SM_OUTPUT_DATA_DIR (${page})`,
  },
  {
    pattern: /submit directory '?\/opt\/ml\/model\/code'?/,
    text: () =>
      `the model has no code/ folder: the training script must unpack the channel code into code/ of SM_MODEL_DIR (${page})`,
  },
  {
    pattern: /(?:FileNotFoundError|No such file or directory).*'\/opt\/ml\/model\/([^']+)'/,
    text: ([, file]) =>
      `the model has no ${file}: the training script must save it into the folder of the variable SM_MODEL_DIR, or correct the name in the inference script`,
  },
  {
    // A pickle has the name of a class, not its code, and the script that defines it is __main__ in its own job only.
    pattern: /Can't get attribute '([^']+)' on <module '__main__'/,
    text: ([, name]) =>
      `the model contains ${name} of the training script, which the endpoint does not run: move ${name} into a module, import it from there, and put the module into the folder of the inference script, too`,
  },
  {
    pattern: /ModuleNotFoundError: No module named '([^'.]+)/,
    text: ([, module]) =>
      `there is no ${module}: a module of your own must be in the folder of the script that imports it; for a package, add it to requirements.txt in that folder; otherwise correct the import`,
  },
  {
    pattern: /error: (unrecognized arguments: .+|argument .+: invalid .+)/,
    text: ([, problem]) =>
      `the script does not take what workflow.training.hyperparameters or the input's HyperParameters set (${problem}): add the option to the script, or correct the configuration`,
  },
  {
    pattern:
      /(?:No matching distribution found for|Could not find a version that satisfies the requirement) (\S+)/,
    text: ([, requirement]) =>
      `${requirement} cannot be installed: correct it in requirements.txt in the folder of the script`,
  },
  {
    pattern: /must contain the metric '([^']+)'/,
    text: ([, metric]) =>
      `correct workflow.gate.metric in config.ts, or let the training script write ${metric} into evaluation.json`,
  },
  {
    pattern:
      /ufunc 'isnan' not supported|could not convert string to float: |could not be cast to dtype float/,
    text: () => "a column of numbers has a text in it: look for it in the raw data (testRun.sampleData)",
  },
  {
    pattern: /Length mismatch: Expected axis has|has \d+ features, but \w+ is expecting \d+/,
    text: () =>
      "the instances do not have the columns that the model was trained with: correct those of workflow.smokeTest and testRun in config.ts, or the inference script",
  },
  {
    pattern: /No objective metrics found after running/,
    text: () =>
      'no training job printed the metric of workflow.tuning.objective: print a line "<metric>: <number>" with its name in the training script, or correct the objective in config.ts',
  },
  {
    pattern: /^ModelPerformanceInsufficient\b[\s\S]*over the champion/m,
    text: () =>
      "the model must be better than the one in service by more than gate.margin: improve it, or change workflow.gate.margin in config.ts",
  },
  {
    pattern: /^ModelPerformanceInsufficient\b[\s\S]*?(?:^|\n)(\w+) is /m,
    text: ([, metric]) =>
      `improve the model, or change workflow.gate in config.ts (metric ${metric}, threshold; an environment may have a threshold of its own); for one run, Threshold of the execution's input`,
  },
  {
    pattern: /instance \d+: the prediction must be /,
    text: () =>
      "the model's prediction is not what workflow.smokeTest expects: correct the example in config.ts, or the model",
  },
  {
    pattern: /service limit '([^']+)' is (\d+) Instances?/,
    text: ([, quota, limit]) =>
      `the account may have ${limit} instances at once: request more of the quota "${quota}" in Service Quotas, or set another instanceType in config.ts (${capacityPage})`,
  },
  {
    pattern: /^(CapacityError|Unable to provision)/m,
    text: () =>
      `SageMaker had no instance: let the job wait longer with waitForCapacityInSeconds in config.ts, or set another instanceType (${capacityPage})`,
  },
  {
    pattern: /There is no object under s3:\/\/\S*\/raw-data\//,
    text: () =>
      "no data was uploaded: put files into the folder of testRun.sampleData in config.ts, or upload your own into raw-data/ of the bucket",
  },
];

/** Advice on a failure; undefined if its own messages are all there is to say. */
export function adviceOn(texts: readonly string[]): string | undefined {
  const text = texts.join("\n");
  for (const { pattern, text: advise } of advices) {
    const found = text.match(pattern);
    if (found !== null) return advise(found);
  }
  return undefined;
}

/** How SageMaker's training toolkit reports that a script has failed, with a command line that is of no interest. */
const scriptFailure = /ExecuteUserScriptError:\s+ExitCode (-?\d+)\s+ErrorMessage "([\s\S]*?)"\s+Command "/;
const exception = /^[\w.]*(?:Error|Exception|Exit|Interrupt)\b(?:: .*)?$/;

/** How the endpoint's client reports the status of a container that refused a request, often with a page of HTML. */
const containerAnswer =
  /An error occurred \(ModelError\) when calling the InvokeEndpoint operation(?: \(reached max retries: \d+\))?: Received (?:client|server) error \((\d+)\) from \S+ with message "([\s\S]*?)"\. See https:\S+ in account \d+ for more information\.?/g;

/** The text of a page of HTML, or of what is none, in one line. */
export function plainText(page: string): string {
  return page
    .replace(/<(title|style)[\s\S]*?<\/\1>|<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** What SageMaker says of any container that does not start; the log follows. */
const unhealthy =
  /(did not pass the ping health check\.) Please check CloudWatch logs for this endpoint\.[\s\S]*/;

/**
 * The reason of a failure without the envelopes of the toolkit and of AWS: a script's exit code with its exception from
 * the log, a container's status without its page of HTML.
 */
export function shortReason(reason: string, log: readonly string[]): string {
  const [, exitCode, message = ""] = reason.match(scriptFailure) ?? [];
  if (exitCode === undefined) {
    return reason
      .replace(containerAnswer, (_, status, page: string) => {
        const text = page.includes("<") ? "" : `, "${plainText(page)}"`;
        return `the container answered with status ${status}${text}`;
      })
      .replace(unhealthy, "$1");
  }
  const thrown = message.trim() || log.findLast((line) => exception.test(line));
  return `the script ended with exit code ${exitCode}${thrown ? `: ${thrown}` : ""}`;
}

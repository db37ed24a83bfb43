import { adviceOn, shortReason } from "../../../cli/execution/advice";

it.each([
  [
    "The account-level service limit 'ml.m5.large for training job usage' is 0 Instances, with current utilization of 0 Instances and a request delta of 1 Instances.",
    'the account may have 0 instances at once: request more of the quota "ml.m5.large for training job usage" in Service Quotas',
  ],
  [
    "CapacityError: Unable to provision requested ML compute capacity.",
    "let the job wait longer with waitForCapacityInSeconds",
  ],
  [
    'ClientError: No S3 objects found under S3 URL "s3://wine-dev-1/processed-data/run-1/test/" given in input data source. Please ensure',
    "the processing script wrote no test/: write at least one file into test/",
  ],
  [
    "s3://wine-dev-1/training-output/job/output/output.tar.gz does not exist: training job job wrote nothing to its output data folder",
    "wrote no evaluation.json: write it into the folder of the variable SM_OUTPUT_DATA_DIR",
  ],
  [
    "the output archive must contain evaluation.json or data/evaluation.json, got metrics.json",
    "wrote no evaluation.json",
  ],
  [
    "AlgorithmError: the submit directory '/opt/ml/model/code' is neither an s3:// address of a .tar.gz nor an existing path below /opt/ml",
    "must unpack the channel code into code/ of SM_MODEL_DIR",
  ],
  [
    "FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/model/model.joblib'",
    "the model has no model.joblib: the training script must save it",
  ],
  [
    "AttributeError: Can't get attribute 'Scaler' on <module '__main__' from '/usr/bin/gunicorn'>",
    "move Scaler into a module, import it from there, and put the module into the folder of the inference script",
  ],
  [
    "ModuleNotFoundError: No module named 'lightgbm.sklearn'",
    "there is no lightgbm: a module of your own must be in the folder of the script that imports it; for a package, add it to requirements.txt",
  ],
  [
    "usage: train.py [-h]\ntrain.py: error: unrecognized arguments: --max-depth 3",
    "workflow.training.hyperparameters or the input's HyperParameters set (unrecognized arguments: --max-depth 3)",
  ],
  [
    "train.py: error: argument --alpha: invalid float value: 'strong'",
    "(argument --alpha: invalid float value: 'strong')",
  ],
  [
    "ERROR: No matching distribution found for grape-tolkit==1.0",
    "grape-tolkit==1.0 cannot be installed: correct it in requirements.txt",
  ],
  [
    "evaluation.json must contain the metric 'acuracy', got accuracy, f1",
    "correct workflow.gate.metric in config.ts, or let the training script write acuracy",
  ],
  ["TypeError: ufunc 'isnan' not supported for the input types", "a column of numbers has a text in it"],
  [
    "ValueError: X has 3 features, but RandomForestClassifier is expecting 4 features as input.",
    "do not have the columns that the model was trained with",
  ],
  [
    "No objective metrics found after running 2 training jobs. Please ensure",
    "no training job printed the metric of workflow.tuning.objective",
  ],
  [
    "ModelPerformanceInsufficient\ntest_r2 is 0.65, must be greater than 0.7",
    "change workflow.gate in config.ts (metric test_r2, threshold;",
  ],
  [
    "ModelPerformanceInsufficient\nrmse is 2.1, smaller than 3; over the champion rmse improves by 0.1, with 95 % confidence by 0.01 or more, which must be greater than 0.2",
    "change workflow.gate.margin in config.ts",
  ],
  [
    'example 1: instance 2: the prediction must be "Barbera", got "Grignolino"',
    "not what workflow.smokeTest expects",
  ],
  [
    "There is no object under s3://wine-local-1/raw-data/: upload the data, or set another DataPrefix",
    "put files into the folder of testRun.sampleData",
  ],
])("advises on %s", (message, advice) => {
  expect(adviceOn(["The endpoint did not start", message])).toContain(advice);
});

it("has nothing to add to a message that says what to change, or to data that people put there", () => {
  expect(adviceOn(["evaluation.json has no metric 'rmse'; it has test_mae"])).toBeUndefined();
  expect(adviceOn(['No S3 objects found under S3 URL "s3://wine-dev-1/raw-data/" given in'])).toBeUndefined();
});

describe("the reason of a script that failed", () => {
  const reason =
    'AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage ""\nCommand "/home/me/project/.emulator/environments/x/bin/python train.py"';

  it("is its exception, not the command line", () => {
    const log = [
      "Traceback (most recent call last):",
      '  File "/opt/ml/code/fit.py", line 3',
      "ValueError: no column",
    ];
    expect(shortReason(reason, log)).toBe("the script ended with exit code 1: ValueError: no column");
    expect(shortReason(reason.replace('""', '"KeyError: 1"'), [])).toBe(
      "the script ended with exit code 1: KeyError: 1",
    );
    expect(shortReason(reason, ["usage: fit.py"])).toBe("the script ended with exit code 1");
  });

  it("is the container's status, without the page of HTML that it sent", () => {
    const answer = (status: number, text: string) =>
      `example 1: An error occurred (ModelError) when calling the InvokeEndpoint operation (reached max retries: 0): Received server error (${status}) from primary with message "${text}". See https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEventViewer:group=/aws/sagemaker/Endpoints/wine in account 123456789012 for more information.`;
    const page = "<!DOCTYPE HTML>\n<title>500</title>\n<h1>Error</h1>\n";
    expect(shortReason(answer(500, page), [])).toBe("example 1: the container answered with status 500");
    expect(shortReason(`${answer(500, page)}; ${answer(415, "no csv")}`, [])).toBe(
      'example 1: the container answered with status 500; example 1: the container answered with status 415, "no csv"',
    );
  });

  it("does not repeat the log of a container that did not start", () => {
    const ping =
      "The endpoint is Failed after 3 checks: The primary container did not pass the ping health check.";
    expect(
      shortReason(`${ping} Please check CloudWatch logs for this endpoint. File "a.py"\nKeyError: 1`, []),
    ).toBe(ping);
  });

  it("is left alone where it is not of the toolkit", () => {
    expect(shortReason("CapacityError: no instances", ["ValueError: x"])).toBe("CapacityError: no instances");
  });
});

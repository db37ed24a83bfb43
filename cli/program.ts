import { Argument, Command, Option } from "commander";
import { prefixes } from "../workflow/prefixes";
import { stageNames } from "../workflow/stages";
import { range, share } from "./experiment/options";
import {
  anyKey,
  assumption,
  examples,
  examplesOfOwnRuns,
  examplesOfRuns,
  executionName,
  inEnvironment,
  json,
  output,
  port,
  positiveNumber,
  requiredEnvironment,
  targeted,
  timeout,
  timeScale,
  wholeNumber,
  why,
  yes,
} from "./terminal/options";

/** Creates a command with a name and a description. */
type MakeCommand = (name: string, description: string) => Command;

/** The commands; each loads its modules only when it is called. */
export function program(): Command {
  const cli = new Command("npm run")
    .description("Run and operate the workflow, on AWS or in the emulator")
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError();
  // Subcommands inherit the settings made before they are created.
  const command: MakeCommand = (name, description) =>
    cli
      .command(name)
      .description(description)
      .usage("-- [options]")
      .exitOverride()
      .allowExcessArguments(false);
  executionCommands(command);
  tuningCommand(command);
  cacheCommand(command);
  showingCommands(command);
  devCommand(command);
  leftoversCommands(command);
  costsCommands(command);
  beforeDeployCommands(command);
  deployCommands(command);
  registryCommands(command);
  scoringCommands(command);
  monitorCommand(command);
  retrainCommand(command);
  experimentCommands(command);
  promotionCommands(command);
  rehearsalCommands(command);
  drillCommand(command);
  emulatorCommands(command);
  scaffoldingCommands(command);
  return cli;
}

function executionCommands(command: MakeCommand): void {
  startCommand(command);
  executeCommand(command);

  requiredEnvironment(command("stop", "stop an execution and the jobs that it started"))
    .argument("<execution>", "name or ARN of the execution; npm run status lists them")
    .usage("-- <environment> <execution> [options]")
    .addOption(timeout())
    .addHelpText("after", examples("npm run stop -- dev run-20260102030405678"))
    .action(async (name, given, options) => (await import("./execution/stop")).stop(name, given, options));
}

function startCommand(command: MakeCommand): void {
  command("start", "run the whole workflow on this machine, in the emulator")
    .option("--input <json|file>", "execution input (docs/execution-input.md)")
    .option("--name <name>", "name of the execution", executionName)
    .option(
      "--time-scale <factor>",
      "factor that shortens waits, retry intervals and alarm periods, such as 0.1",
      timeScale,
    )
    .option("--faults <file>", "faults to inject (docs/emulator.md)")
    .option(
      "--allow-records",
      "answer operations that do not run from bare records (docs/emulator-operations.md)",
    )
    .addOption(anyKey())
    .addOption(timeout())
    .option("--keep", "stay in the foreground with the endpoint up until Ctrl-C", false)
    .addOption(json())
    .addOption(output())
    .addHelpText(
      "after",
      examplesOfOwnRuns("npm start", "npm start -- --keep", "npm start -- --output report.json"),
    )
    .action(async (options) => (await import("./execution/start")).start(options));
}

function executeCommand(command: MakeCommand): void {
  targeted(command("execute", "start an execution, follow it and test its endpoint"))
    .option(
      "--input <json|file>",
      "execution input; default: from the outputs file (docs/execution-input.md)",
    )
    .option("--name <name>", "name of the execution; default: a new one", executionName)
    .addOption(
      new Option(
        "--attach <name|arn>",
        "follow a running or ended execution instead of starting one",
      ).conflicts(["name", "input", "uploadSampleData"]),
    )
    .addOption(
      new Option(
        "--redrive <name|arn>",
        "let an execution that was stopped or timed out go on where it was (docs/resume.md)",
      ).conflicts(["name", "input", "uploadSampleData", "attach", "from", "of"]),
    )
    .addOption(
      new Option(
        "--from <stage>",
        `start at ${stageNames.join(" or ")}, with the results of an earlier execution`,
      ).conflicts(["attach", "uploadSampleData"]),
    )
    .addOption(new Option("--of <name|arn>", "the earlier execution of --from").conflicts("attach"))
    .option("--upload-sample-data", "create and upload the sample data first")
    .addOption(timeout())
    .addOption(json())
    .addOption(output())
    .addHelpText(
      "after",
      examplesOfRuns(
        "npm run execute -- dev --upload-sample-data",
        "npm run execute -- dev --attach run-20260102030405678",
        `npm run execute -- dev --input '{"Threshold": 0.75}'`,
        `npm run execute -- dev --input '{"Cache": false}'`,
        "npm run execute -- dev --redrive run-20260102030405678",
        "npm run execute -- dev --from ModelEvaluation --of run-20260102030405678",
      ),
    )
    .action(async (name, options) => (await import("./execution/execute")).execute(name, options));
}

function showingCommands(command: MakeCommand): void {
  targeted(command("status", "show executions, objects, endpoints and versions"))
    .addOption(json())
    .addOption(output())
    .addHelpText("after", examples("npm run status -- dev"))
    .action(async (name, options) => (await import("./execution/status")).status(name, options));

  inEnvironment(command("logs", "show the log of the endpoint, or of one endpoint or job"))
    .argument("[name]", "name of an endpoint or job; default: the environment's endpoint")
    .usage("-- [environment] [name] [options]")
    .addOption(new Option("--lines <number>", "lines to begin with").default(100).argParser(wholeNumber))
    .option("--follow", "show new lines until Ctrl-C", false)
    .addHelpText(
      "after",
      examples(
        "npm run logs -- dev",
        "npm run logs -- local --follow",
        "npm run logs -- dev housing-dev-train-run-1-0a1b2c3d-1-0",
      ),
    )
    .action(async (name, of, options) => (await import("./logs/logs")).logs(name, of, options));
}

function tuningCommand(command: MakeCommand): void {
  inEnvironment(command("tuning", "show the jobs of a tuning: hyperparameters, objective, and what mattered"))
    .argument("[job]", "name of a tuning job; default: the newest")
    .usage("-- [environment] [job] [options]")
    .addOption(json())
    .addOption(output())
    .addHelpText(
      "after",
      examples("npm run tuning -- dev", "npm run tuning -- dev housing-dev-tune-0123456789abcde"),
    )
    .action(async (name, job, options) => (await import("./tuning/tuning")).tuning(name, job, options));
}

function cacheCommand(command: MakeCommand): void {
  requiredEnvironment(command("explain-cache", "show which steps of an execution ran, and what had changed"))
    .argument("<execution>", "name or ARN of the execution; npm run status lists them")
    .usage("-- <environment> <execution> [options]")
    .addOption(json())
    .addOption(output())
    .addHelpText("after", examples("npm run explain-cache -- dev run-20260102030405678"))
    .action(async (name, given, options) =>
      (await import("./cache/explain-cache")).explainCache(name, given, options),
    );
}

function devCommand(command: MakeCommand): void {
  command("dev", "run the workflow in the emulator, and again from the step whose script is saved")
    .option("--input <json|file>", "execution input (docs/execution-input.md)")
    .option(
      "--time-scale <factor>",
      "factor that shortens waits, retry intervals and alarm periods",
      timeScale,
      0.1,
    )
    .addHelpText("after", examples("npm run dev", "npm run dev -- --time-scale 1"))
    .action(async (options) => (await import("./dev/dev")).dev(options));
}

function leftoversCommands(command: MakeCommand): void {
  inEnvironment(command("leftovers", "list what executions created: what, since when, what it costs a day"))
    .addOption(json())
    .addOption(output())
    .addHelpText("after", examples("npm run leftovers -- dev"))
    .action(async (name, options) => (await import("./leftovers/leftovers")).leftovers(name, options));

  inEnvironment(
    command("cleanup", "remove what executions created; lists it first and asks for confirmation"),
  )
    .option("--superseded", "only configurations and models that no endpoint uses", false)
    .addOption(yes("delete"))
    .addOption(json())
    .addOption(output())
    .addHelpText("after", examples("npm run cleanup -- dev", "npm run cleanup -- dev --superseded --yes"))
    .action(async (name, options) => (await import("./leftovers/cleanup")).cleanup(name, options));
}

function costsCommands(command: MakeCommand): void {
  requiredEnvironment(
    command("estimate", "show the cost of an environment: while idle, for each run, and of the monitor"),
  )
    .addOption(assumption("--runs-per-month <number>", "runs per month"))
    .addOption(assumption("--processing-minutes <number>", "minutes of one processing job"))
    .addOption(assumption("--training-minutes <number>", "minutes of one training job"))
    .addOption(
      assumption(
        "--monitor-runs-per-month <number>",
        "runs of the monitor per month; default: its schedule's",
      ),
    )
    .addOption(
      assumption("--requests-per-month <number>", "requests to the endpoint per month; default: 100,000"),
    )
    .addOption(json())
    .addOption(output())
    .addHelpText("after", examples("npm run estimate -- dev", "npm run estimate -- prod --runs-per-month 30"))
    .action(async (name, options) => (await import("./costs/estimate")).estimate(name, options));
}

function beforeDeployCommands(command: MakeCommand): void {
  requiredEnvironment(command("bootstrap", "create the bucket for Terraform's state, once per environment"))
    .addHelpText("after", examples("npm run bootstrap -- dev"))
    .action(async (name) => (await import("./deploy/bootstrap")).bootstrap(name));

  requiredEnvironment(command("diff", "show what a deploy would change"))
    .addHelpText("after", examples("npm run diff -- dev"))
    .action(async (name) => (await import("./deploy/diff")).diff(name));

  requiredEnvironment(command("review", "describe what a deploy would change, as a pull request comment"))
    .option("--output <file>", "file to write; default: standard output")
    .option("--role-policy", "print only the policy of the role that reviews need", false)
    .addHelpText("after", examples("npm run review -- dev", "npm run review -- dev --role-policy"))
    .action(async (name, options) => (await import("./review/review")).review(name, options));
}

function deployCommands(command: MakeCommand): void {
  requiredEnvironment(
    command(
      "deploy",
      "deploy an environment with Terraform; shows the changes first and asks for confirmation",
    ),
  )
    .option("--outputs-file <file>", "file for the outputs; default: outputs.<environment>.json")
    .addOption(yes("deploy"))
    .addHelpText("after", examples("npm run deploy -- dev", "npm run deploy -- dev --yes"))
    .action(async (name, options) => (await import("./deploy/deploy")).deploy(name, options));

  requiredEnvironment(
    command("change-kind", "move the endpoint to the kind set in config.ts, instances or serverless"),
  )
    .option("--outputs-file <file>", "file for the outputs; default: outputs.<environment>.json")
    .option("--keep-old", "leave the old endpoint in service; run again without it to delete it", false)
    .addOption(yes("deploy and delete the old endpoint"))
    .addOption(timeout())
    .addHelpText(
      "after",
      examples("npm run change-kind -- dev --keep-old", "npm run change-kind -- dev --yes"),
    )
    .action(async (name, options) => (await import("./deploy/change-kind")).changeKind(name, options));

  requiredEnvironment(command("destroy", "destroy an environment; refuses while an endpoint is up"))
    .option("--with-leftovers", "also remove what executions created, including endpoints", false)
    .addOption(yes("destroy"))
    .addHelpText("after", examples("npm run destroy -- dev", "npm run destroy -- dev --with-leftovers"))
    .action(async (name, options) => (await import("./deploy/destroy")).destroy(name, options));
}

function registryCommands(command: MakeCommand): void {
  inEnvironment(command("versions", "list the registered versions: which is in service, which waits"))
    .addOption(json())
    .addOption(output())
    .addHelpText("after", examples("npm run versions -- dev"))
    .action(async (name, options) => (await import("./registry/versions")).versions(name, options));

  requiredEnvironment(
    command("approve", "show a registered version next to the one in service, and approve it"),
  )
    .argument("<version>", "version number; npm run versions lists them", wholeNumber)
    .usage("-- <environment> <version> [options]")
    .option("--reject", "reject it instead", false)
    .addOption(yes("approve"))
    .addHelpText("after", examples("npm run approve -- dev 7", "npm run approve -- dev 7 --reject"))
    .action(async (name, number, options) =>
      (await import("./registry/approve")).approve(name, number, options),
    );

  requiredEnvironment(command("rollback", "list the registered versions, or put one in service again"))
    .argument("[version]", "version number; default: list the versions", wholeNumber)
    .usage("-- <environment> [version] [options]")
    .addOption(yes("release"))
    .option("--again", "release a version even if it is already in service: sets its scaling")
    .addOption(timeout())
    .addHelpText("after", examples("npm run rollback -- dev", "npm run rollback -- dev 6"))
    .action(async (name, number, options) =>
      (await import("./registry/rollback")).rollback(name, number, options),
    );
}

function scoringCommands(command: MakeCommand): void {
  requiredEnvironment(command("score", "score a CSV file, or CSV in S3, with a batch transform job"))
    .argument(
      "<input>",
      `CSV file to upload; or a key or prefix under ${prefixes.scoringInput} of the artifact bucket, or its s3:// address`,
    )
    .usage("-- <environment> <input> [options]")
    .option(
      "--output <address>",
      `where to write, under ${prefixes.scoringOutput} of the bucket; default: a folder named after the job`,
    )
    .option(
      "--version <number>",
      "registered version to score with; default: the one in service",
      wholeNumber,
    )
    .addOption(
      new Option("--format <format>", "format of the predictions").choices(["csv", "json"]).default("csv"),
    )
    .option("--instance-type <type>", "instance type of the job", "ml.m5.large")
    .option("--instances <number>", "number of instances", wholeNumber, 1)
    .addOption(timeout("job"))
    .addHelpText(
      "after",
      examples(
        "npm run score -- dev houses.csv",
        "npm run score -- dev scoring-input/2026-11/",
        "npm run score -- dev scoring-input/houses.csv --version 7 --format json",
      ),
    )
    .action(async (name, input, options) => (await import("./scoring/score")).score(name, input, options));
}

function monitorCommand(command: MakeCommand): void {
  requiredEnvironment(
    command("monitor", "judge what the endpoint has captured: drift, lost quality, silence"),
  )
    .option("--hours <number>", "the hours up to now; default: the window of the schedule", positiveNumber)
    .option("--since <time>", "begin of the window, such as 2026-01-31T12:00Z")
    .option("--until <time>", "end of the window")
    .addOption(timeout())
    .addOption(json())
    .addOption(output())
    .addHelpText("after", examples("npm run monitor -- dev", "npm run monitor -- local --hours 1"))
    .action(async (name, options) => (await import("./monitoring/monitor")).monitor(name, options));
}

function retrainCommand(command: MakeCommand): void {
  requiredEnvironment(command("retrain", "ask for a retraining, and say what was decided on it"))
    .option("--why <text>", "the reason, which stays on record with all that the retraining creates", why)
    .option("--force", "whatever cool-down, day's limit and a lack of changes say", false)
    .option("--reset", "allow retrainings again after several in a row were refused or failed", false)
    .addOption(timeout("decision"))
    .addOption(json())
    .addOption(output())
    .addHelpText(
      "after",
      examples(
        'npm run retrain -- dev --why "labels of October were corrected"',
        'npm run retrain -- dev --why "a new season begins" --force',
        "npm run retrain -- dev --reset",
      ),
    )
    .action(async (name, options) => (await import("./retraining/retrain")).retrain(name, options));
}

function experimentCommands(command: MakeCommand): void {
  requiredEnvironment(command("experiment", "compare a version with the one in service, under real traffic"))
    .addArgument(new Argument("<action>", "what to do with the test").choices(["start", "status", "stop"]))
    .argument("[version]", "start: the challenger's number in the registry", wholeNumber)
    .usage("-- <environment> start <version> [options] | status | stop [options]")
    .option("--weight <share>", "start: the challenger's share of the traffic; default: 10%", share)
    .option("--name <name>", "start: the test's name; default: from the version numbers")
    .option("--reward-range <low,high>", "start: the lowest and highest possible reward, such as 0,1", range)
    .option("--effect <number>", "start: the smallest difference that is worth finding", positiveNumber)
    .option("--max-error-rate <share>", "start: the share of requests that may fail, such as 0.02", share)
    .option("--max-latency <ms>", "start: the highest acceptable mean latency of a minute", positiveNumber)
    .option("--alpha <share>", "start: the probability of a false alarm; default: 0.05", share)
    .addOption(
      new Option(
        "--winner <side>",
        "stop: which variant to release; default: as decided, otherwise the champion",
      ).choices(["champion", "challenger"]),
    )
    .addOption(yes("start or stop"))
    .addOption(timeout())
    .addHelpText(
      "after",
      examples(
        "npm run experiment -- staging start 7 --reward-range 0,1 --effect 0.05 --max-error-rate 0.02 --max-latency 200",
        "npm run experiment -- staging status",
        "npm run experiment -- staging stop --winner champion",
      ),
    )
    .action(async (name, action, number, options) =>
      (await import("./experiment/experiment")).experiment(name, action, number, options),
    );
}

function promotionCommands(command: MakeCommand): void {
  command("promote", "copy an approved version to another environment's registry, and release it there")
    .argument("<from>", "source environment in config.ts")
    .argument("<to>", "destination environment in config.ts")
    .argument("[version]", "version number in <from>; default: the one in service", wholeNumber)
    .usage("-- <from> <to> [version] [options]")
    .addOption(yes("promote"))
    .addOption(timeout())
    .addHelpText("after", examples("npm run promote -- dev staging", "npm run promote -- staging prod 7"))
    .action(async (from, to, number, options) =>
      (await import("./promotion/promote")).promote(from, to, number, options),
    );
}

function rehearsalCommands(command: MakeCommand): void {
  command("rehearse", "release good and bad models under traffic, in an emulator of its own")
    .addOption(
      new Option("--rate <number>", "requests per second; at a low rate a slow model may keep up")
        .default(50)
        .argParser(positiveNumber),
    )
    .addOption(
      new Option("--time-scale <factor>", "factor that shortens alarm periods and deployment waits")
        .default(0.1)
        .argParser(timeScale),
    )
    .addOption(timeout())
    .addOption(json())
    .addOption(output())
    .addHelpText("after", examples("npm run rehearse", "npm run rehearse -- --rate 100 --time-scale 0.2"))
    .action(async (options) => (await import("./rehearsal/rehearse")).rehearse(options));
}

function drillCommand(command: MakeCommand): void {
  command("drill", "let every call of the state machines fail, in an emulator of its own, and check the ends")
    .addOption(json())
    .addOption(output())
    .addHelpText("after", examples("npm run drill", "npm run drill -- --output drill.json"))
    .action(async (options) => (await import("./drill/drill")).drill(options));
}

function emulatorCommands(command: MakeCommand): void {
  command("audit", "list what each role used in the emulator, and what it was denied")
    .addOption(json())
    .addOption(output())
    .addHelpText("after", examples("npm run audit"))
    .action(async (options) => (await import("./emulator/audit")).audit(options));

  command("mails", "list the emails that the emulator would have sent")
    .addOption(json())
    .addOption(output())
    .addHelpText("after", examples("npm run mails"))
    .action(async (options) => (await import("./emulator/mails")).mails(options));

  command("emulator", "run the emulator alone, in the foreground")
    .option("--port <number>", "port to listen on; default: a free one", port)
    .option(
      "--time-scale <factor>",
      "factor that shortens waits, retry intervals and alarm periods, such as 0.1",
      timeScale,
    )
    .option("--faults <file>", "faults to inject (docs/emulator.md)")
    .option("--mocks <file>", "answers of tasks, in the format of Step Functions Local (docs/emulator.md)")
    .option(
      "--allow-records",
      "answer operations that do not run from bare records (docs/emulator-operations.md)",
    )
    .addOption(anyKey())
    .addHelpText("after", examples("npm run emulator", "npm run emulator -- --port 4566"))
    .action(async (options) => (await import("./emulator/emulator")).emulator(options));
}

function scaffoldingCommands(command: MakeCommand): void {
  command("new", "write a workflow of your own: configuration, scripts, example data and a test")
    .usage("-- <name> [options]")
    .argument("<name>", "name of the folder, and the start of all names: lower-case letters and digits")
    .addOption(
      new Option("--kind <kind>", "what the model predicts: labels or numbers")
        .choices(["classification", "regression"])
        .default("classification"),
    )
    .option("--keep-config", "leave config.ts as it is, instead of pointing it to the new workflow", false)
    .addHelpText("after", examples("npm run new -- wine", "npm run new -- flats --kind regression"))
    .action(async (name, options) => (await import("./scaffolding/new")).newWorkflow(name, options));
}

import { readSources } from "../../../cli/dev/sources";
import {
  type Checkpoint,
  changedParts,
  filesOf,
  fixedParts,
  type Snapshot,
  type Sources,
  snapshot,
  startingPoint,
  stepsOf,
} from "../../../cli/dev/steps";
import { workflowProps } from "../../../configuration";
import type { TestRun } from "../../../configuration/define";
import type { WorkflowProps } from "../../../workflow/props";

const folder = "scripts";
const props: WorkflowProps = {
  prefix: "points",
  environment: "test",
  processing: { folder, entryPoint: "prepare.py" },
  training: { folder, entryPoint: "fit.py", hyperparameters: { C: 1 } },
  inference: { folder, entryPoint: "serve.py" },
  comparison: { folder, entryPoint: "compare.py" },
  gate: { metric: "accuracy", threshold: 0.9 },
};
const scripts: Readonly<Record<string, string>> = {
  "prepare.py": "from tables import read",
  "fit.py": "import numpy, tables\nfrom models import forest",
  "serve.py": "from models.forest import Forest",
  "compare.py": "",
  "tables.py": "",
  "models/__init__.py": "",
  "models/forest.py": "",
};

const sources = (changes: Readonly<Record<string, string>> = {}): Sources =>
  new Map([
    [
      folder,
      new Map(Object.entries({ ...scripts, ...changes }).map(([name, text]) => [name, Buffer.from(text)])),
    ],
  ]);
const testRun: TestRun = { executionInput: {}, instances: [[1]] };
const taken = (changes?: Readonly<Record<string, string>>, more: Partial<WorkflowProps> = {}) =>
  snapshot(stepsOf({ ...props, ...more }, testRun), sources(changes));

const states = ["DataPreprocessing", "ModelTraining", "FindChampion", "ModelEvaluation"];

/** What a run left that came to all steps. */
const checkpoints = (run: number, of: Snapshot) =>
  new Map<string, Checkpoint>(states.map((state) => [state, { state, run, variables: {}, snapshot: of }]));

/** Where a run starts after a change; the first step is the start of the whole workflow. */
function start(changes?: Readonly<Record<string, string>>, more?: Partial<WorkflowProps>) {
  const before = taken();
  return startingPoint(before, taken(changes, more), checkpoints(1, before))?.state ?? states[0];
}

describe("snapshot", () => {
  it.each([
    ["prepare.py", "DataPreprocessing"],
    ["fit.py", "ModelTraining"],
    ["serve.py", "ModelTraining"],
    ["compare.py", "FindChampion"],
    ["tables.py", "DataPreprocessing"],
    ["models/__init__.py", "ModelTraining"],
    ["models/forest.py", "ModelTraining"],
  ])("takes a change of %s for one of %s", (file, state) => {
    expect(start({ [file]: `${scripts[file]}\n# changed` })).toBe(state);
  });

  it("takes what no script uses for a part of all", () => {
    expect(start({ "requirements.txt": "lightgbm" })).toBe("DataPreprocessing");
  });

  it.each([
    ["DataPreprocessing", { processing: { ...props.processing, arguments: ["--fast"] } }],
    ["ModelTraining", { training: { ...props.training, hyperparameters: { C: 2 } } }],
    ["ModelEvaluation", { gate: { metric: "accuracy", threshold: 0.8 } }],
    ["ModelEvaluation", { smokeTest: { examples: [{ instances: [[1]], expected: ["a"] }] } }],
  ])("takes changed settings for a change of %s", (state, more) => {
    expect(start({}, more)).toBe(state);
  });

  it("takes another input for a change of the start, and other instances for one of the end", () => {
    const before = taken();
    const startWith = (more: object) =>
      startingPoint(
        before,
        snapshot(stepsOf(props, { ...testRun, ...more }), sources()),
        checkpoints(1, before),
      )?.state;
    expect(startWith({ executionInput: { DataPrefix: "other/" } })).toBeUndefined();
    expect(startWith({ instances: [[2]] })).toBe("ModelEvaluation");
  });

  it("takes a file of data that was saved, came or went for a change of the start", () => {
    const withData = (data: Readonly<Record<string, string>>) =>
      snapshot(stepsOf(props, testRun), sources(), new Map(Object.entries(data)));
    const before = withData({ "data/a.csv": "1" });
    const saved: Readonly<Record<string, string>>[] = [
      { "data/a.csv": "2" },
      { "data/a.csv": "1", "data/b.csv": "1" },
      {},
    ];
    for (const data of saved) {
      expect(startingPoint(before, withData(data), checkpoints(1, before))).toBeUndefined();
    }
    expect(changedParts(before, withData({ "data/a.csv": "2" }))).toEqual(["data/a.csv"]);
  });

  it("starts a workflow with a tuning where it is decided whether to tune", () => {
    const ranges = { C: { kind: "continuous", min: 1, max: 2 } } as const;
    expect(stepsOf({ ...props, tuning: { ranges } }, testRun).map(({ state }) => state)).toEqual([
      "DataPreprocessing",
      "TrainOrTune",
      "FindChampion",
      "ModelEvaluation",
    ]);
  });

  it("sees in an import that goes a change of the script alone", () => {
    expect(start({ "fit.py": "import tables" })).toBe("ModelTraining");
  });

  it("takes each script of a real folder for its own step", () => {
    const { processing, training, inference, ...rest } = workflowProps("local");
    const steps = stepsOf({ processing, training, inference, ...rest }, testRun);
    const real = readSources([training.folder]);
    const before = snapshot(steps, real);
    const stepOf = (script: string) => {
      const files = new Map(real.get(training.folder)).set(script, Buffer.from("changed"));
      const now = snapshot(steps, new Map([[training.folder, files]]));
      return startingPoint(before, now, checkpoints(1, before))?.state;
    };
    expect([processing, training, inference].map(({ entryPoint }) => stepOf(entryPoint))).toEqual([
      undefined,
      "ModelTraining",
      "ModelTraining",
    ]);
  });
});

it("is no change of a step what only the monitor's script uses", () => {
  const more = { monitor: { folder, entryPoint: "watch.py" } };
  const before = taken({ "watch.py": "import drift", "drift.py": "1" }, more);
  const now = taken({ "watch.py": "import drift, tables", "drift.py": "2" }, more);
  expect(changedParts(before, now)).toEqual([]);
  expect(changedParts(now, taken({ "watch.py": "", "tables.py": "2" }, more))).toEqual(["scripts/tables.py"]);
});

describe("filesOf", () => {
  const files = (texts: Readonly<Record<string, string>>) =>
    new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));

  it("finds what is imported over several lines, in functions and from packages", () => {
    const found = filesOf(
      "fit.py",
      files({
        "fit.py": "from .tools import (\n  one,\n  two,\n)\ndef late():\n    import late_tools as tools",
        "tools/one.py": "",
        "tools/two.py": "",
        "late_tools.py": "",
        "other.py": "import third",
        "third.py": "",
      }),
      ["fit.py", "other.py"],
    );
    expect(found.sort()).toEqual(["fit.py", "late_tools.py", "tools/one.py", "tools/two.py"]);
  });

  it("finds files that a script names, but no other script that it only talks about", () => {
    const found = filesOf(
      "fit.py",
      files({
        "fit.py": '"""Reads what prepare.py wrote."""\nrun("child.py")\nopen("words.txt")',
        "prepare.py": "",
        "child.py": "",
        "words.txt": "import prepare",
      }),
      ["fit.py", "prepare.py"],
    );
    expect(found.sort()).toEqual(["child.py", "fit.py", "words.txt"]);
  });
});

describe("changedParts", () => {
  it("names files that were changed, added and removed, and settings", () => {
    const more = { training: { ...props.training, hyperparameters: { C: 2 } } };
    const names = changedParts(taken({ "old.py": "" }), taken({ "fit.py": "", "new.py": "" }, more));
    expect(names).toEqual([
      "scripts/fit.py",
      // fit.py imported it; now no script does.
      "scripts/new.py",
      "scripts/old.py",
      "settings of ModelTraining in config.ts",
    ]);
  });
});

describe("fixedParts", () => {
  it("leaves out what the next run can take over", () => {
    const same = {
      ...props,
      gate: { metric: "f1", threshold: 1 },
      training: { ...props.training, metrics: ["f1"] },
    };
    expect(fixedParts(same, testRun)).toBe(fixedParts(props, testRun));
  });

  it.each<Partial<WorkflowProps>>([
    { endpoint: { variantName: "other" } },
    { comparison: undefined },
    { smokeTest: { examples: [] } },
    { inference: { ...props.inference, folder: "elsewhere" } },
  ])("contains what resources are made from: %j", (more) => {
    expect(fixedParts({ ...props, ...more }, testRun)).not.toBe(fixedParts(props, testRun));
  });
});

describe("startingPoint", () => {
  const first = taken();
  const all = checkpoints(1, first);
  const fit = { "fit.py": "# changed" };
  const prepare = { "prepare.py": "# changed" };
  const compare = { "compare.py": "# changed" };

  it("is the first of several steps that have changed", () => {
    expect(startingPoint(first, taken({ ...fit, ...compare }), all)?.state).toBe("ModelTraining");
    expect(startingPoint(first, taken({ ...prepare, ...compare }), all)).toBeUndefined();
  });

  it("is an earlier step if the last run did not come to the one that has changed", () => {
    // It failed in training: what came after training is from the script before.
    expect(startingPoint(taken(fit), taken({ ...fit, ...compare }), all)?.state).toBe("ModelTraining");
  });

  it("is the start if the data of the new preprocessing does not exist", () => {
    const failed = taken(prepare);
    const now = taken({ ...prepare, ...fit });
    expect(startingPoint(failed, now, all)).toBeUndefined();
    expect(startingPoint(failed, now, checkpoints(2, failed))).toMatchObject({
      state: "ModelTraining",
      run: 2,
    });
  });

  it("is the start if no run has come anywhere", () => {
    expect(startingPoint(first, taken(fit), new Map())).toBeUndefined();
  });
});

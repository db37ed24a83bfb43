import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelOfLastRun } from "../../../cli/execution/previous-model";
import { type RunReport, reportText, successReport } from "../../../cli/execution/report";
import { removeAbandoned } from "../../../cli/execution/saved-runs";

const report: RunReport = {
  status: "SUCCEEDED",
  execution: { name: "run-1", arn: "arn" },
  seconds: 12.3,
  metrics: { rmse: 63.811840955307986, feature_count: 8 },
  gate: {
    Metric: "rmse",
    Value: 63.811840955307986,
    Threshold: 70,
    Better: "smaller",
    Reason: "",
  } as RunReport["gate"],
  modelPackage: "arn:aws:sagemaker:us-east-1:1:model-package/wine-dev/4",
  endpoint: { name: "wine-dev", config: "c", superseded: false },
  predictions: [1.23456789, "Barolo"],
  artifacts: {
    model: "s3://b/model.tar.gz",
    evaluation: "s3://b/evaluation.json",
    processedData: "s3://b/data/",
  },
  states: [],
};
const lines = (changes: Partial<RunReport>) => reportText({ ...report, ...changes }).split("\n");

describe("a report", () => {
  it("begins with the gate, ends with addresses, and has numbers for people", () => {
    expect(lines({})).toEqual([
      "  gate           rmse 63.81 < 70 ✔",
      "  rmse           63.81",
      "  feature_count  8",
      "  version        wine-dev/4",
      "  endpoint       wine-dev",
      '  predictions    1.235, "Barolo"',
      "  execution      12.3 s",
      "  model          s3://b/model.tar.gz",
      "  evaluation     s3://b/evaluation.json",
    ]);
  });

  it("has what a tuning found", () => {
    const Tuning = { JobName: "wine-dev-tune-1", HyperParameters: { "max-depth": "7", C: "0.5" } };
    const description = (output: object) => ({ description: { output: JSON.stringify(output) }, visits: [] });
    const { tuning } = successReport(description({ Metrics: {}, Tuning }) as never);
    expect(lines({ tuning })).toContain("  tuning         wine-dev-tune-1  with max-depth 7, C 0.5");
    expect(successReport(description({ Metrics: {}, Tuning: {} }) as never).tuning).toBeUndefined();
    expect(successReport(description({ Metrics: {} }) as never).tuning).toBeUndefined();
  });

  const previous = { name: "version 3", version: 3, metrics: { rmse: 60 } };

  it("has the metrics next to those of the model before", () => {
    expect(lines({ previous }).slice(1, 4)).toEqual([
      "                        now   version 3  difference",
      "  rmse                63.81          60      +3.812",
      "  feature_count           8",
    ]);
  });

  it("names metrics of config.ts that the training script never printed", () => {
    expect(lines({ unseenMetrics: ["tset_rmse", "mae"] }).at(-1)).toBe(
      '⚠ The training job never printed tset_rmse, mae: print a line such as "tset_rmse: 0.5" in the training script, or correct the metrics in config.ts',
    );
  });

  it("warns of a model in service that is worse than the one that it has replaced", () => {
    const warning = /^⚠ The new model is worse: rmse 63\.81, after 60 of version 3\..*npm run rollback/;
    expect(lines({ previous }).at(-1)).toMatch(warning);
    // Better, no version to go back to, or not in service yet.
    const better = { ...previous, metrics: { rmse: 65 } };
    for (const changes of [
      { previous: better },
      { previous: { ...previous, version: undefined } },
      { previous, endpoint: undefined },
    ]) {
      expect(lines(changes).join("\n")).not.toContain("⚠");
    }
  });
});

describe("the model of the last run", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "runs-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function run(name: string, hour: number, content: object): void {
    const path = join(folder, name, "report.json");
    mkdirSync(join(folder, name));
    writeFileSync(path, JSON.stringify(content));
    utimesSync(path, hour * 3600, hour * 3600);
  }

  it("is that of the newest report of the same endpoint", () => {
    run("a", 1, { metrics: { r2: 0.1 }, endpoint: { name: "wine-local" } });
    run("b", 2, { metrics: { r2: 0.2 }, endpoint: { name: "wine-local" } });
    run("c", 3, { metrics: { r2: 0.3 }, endpoint: { name: "housing-local" } });
    run("d", 4, { endpoint: { name: "wine-local" } });
    mkdirSync(join(folder, "e"));
    expect(modelOfLastRun(folder, "wine-local")).toEqual({ name: "last run", metrics: { r2: 0.2 } });
    expect(modelOfLastRun(folder, "other-local")).toBeUndefined();
  });

  it("is not one that was killed while it was saved, which goes after an hour", () => {
    mkdirSync(join(folder, "a.unfinished"));
    writeFileSync(join(folder, "a.unfinished", "report.json"), '{"metr');
    run("b", 1, { metrics: { r2: 0.2 }, endpoint: { name: "wine-local" } });
    expect(modelOfLastRun(folder, "wine-local")).toEqual({ name: "last run", metrics: { r2: 0.2 } });
    removeAbandoned(folder, Date.now() + 3_000_000);
    expect(readdirSync(folder).sort()).toEqual(["a.unfinished", "b"]);
    removeAbandoned(folder, Date.now() + 4_000_000);
    expect(readdirSync(folder)).toEqual(["b"]);
  });

  it("is none where nothing has run", () => {
    expect(modelOfLastRun(join(folder, "nowhere"), "wine-local")).toBeUndefined();
  });
});

import { readFileSync } from "node:fs";
import { isHeader, missingMarkers, scoringInputUrl, scoringOutputUrl } from "../../../cli/scoring/addresses";
import { transformRequest } from "../../../cli/scoring/job";

const bucket = "housing-dev-1";

describe("the place of what is scored", () => {
  it.each([
    ["scoring-input/day/", "s3://housing-dev-1/scoring-input/day/"],
    ["/scoring-input/a.csv", "s3://housing-dev-1/scoring-input/a.csv"],
    ["s3://housing-dev-1/scoring-input/", "s3://housing-dev-1/scoring-input/"],
  ])("%s is %s", (given, url) => {
    expect(scoringInputUrl(given, bucket)).toBe(url);
  });

  it.each(["day/", "raw-data/a.csv", "scoring-inputs/a.csv", "s3://other/scoring-input/a.csv"])(
    "refuses %s, where jobs may not read, and names the prefix where they may",
    (given) => {
      expect(() => scoringInputUrl(given, bucket)).toThrow(
        `must be under s3://housing-dev-1/scoring-input/, where jobs have access, got ${given}`,
      );
    },
  );

  it("writes to a folder named after the job, unless another one is requested", () => {
    expect(scoringOutputUrl(undefined, bucket, "job-1")).toBe("s3://housing-dev-1/scoring-output/job-1/");
    const given = "s3://housing-dev-1/scoring-output/november/";
    expect(scoringOutputUrl(given, bucket, "job-1")).toBe(given);
    expect(() => scoringOutputUrl("s3://housing-dev-1/raw-data/", bucket, "job-1")).toThrow(
      "--output must be under s3://housing-dev-1/scoring-output/",
    );
  });
});

it("has the same missing values as the scripts", () => {
  const script = readFileSync("python/scripts/cells.py", "utf8");
  const [, list = ""] = /^MISSING = frozenset\(\{(.*)\}\)$/m.exec(script) ?? [];
  expect(JSON.parse(`[${list}]`)).toEqual([...missingMarkers]);
});

describe("isHeader", () => {
  it.each([
    ["MedInc,HouseAge\n1,2\n", true],
    ["\uFEFFMedInc,HouseAge\r\n1,2\r\n", true],
    ["1,2\n3,4\n", false],
    ["1,left\n", true],
    ["MedInc,2019\n", true],
    ["1,NA\n", false],
    [",2\n", false],
    ["", false],
  ])("of %j is %p", (text, expected) => {
    expect(isHeader(text)).toBe(expected);
  });
});

describe("transformRequest", () => {
  it("asks for whole lines in, and lines out", () => {
    const job = {
      name: "housing-dev-score-1",
      modelName: "model",
      inputUrl: "s3://b/scoring-input/",
      outputUrl: "s3://b/scoring-output/1/",
      format: "csv",
      instanceType: "ml.m5.large",
      instanceCount: 2,
      tags: { workflow: "housing-dev" },
    } as const;
    expect(transformRequest(job)).toMatchObject({
      TransformInput: { ContentType: "text/csv", SplitType: "Line" },
      TransformOutput: { S3OutputPath: job.outputUrl, Accept: "text/csv", AssembleWith: "Line" },
      TransformResources: { InstanceType: "ml.m5.large", InstanceCount: 2 },
      Tags: [{ Key: "workflow", Value: "housing-dev" }],
    });
    expect(transformRequest({ ...job, format: "json" }).TransformOutput.Accept).toBe("application/json");
  });
});

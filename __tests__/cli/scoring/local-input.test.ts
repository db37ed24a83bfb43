import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { isLocalFile, uploadInput } from "../../../cli/scoring/local-input";
import { firstPredictions } from "../../../cli/scoring/predictions";

const folder = mkdtempSync(join(tmpdir(), "score-"));
const file = join(folder, "houses.csv");
writeFileSync(file, "1,2\n3,4\n");
afterAll(() => rmSync(folder, { recursive: true }));

/** A client whose answers a function gives. */
function s3(send: (input: Record<string, unknown>) => unknown) {
  return {
    s3: () => ({ send: async ({ input }: { input: Record<string, unknown> }) => send(input) }),
  } as never;
}

it.each([
  [file, true],
  [folder, false],
  ["no-such.csv", false],
  ["scoring-input/houses.csv", false],
  ["s3://bucket/scoring-input/houses.csv", false],
])("tells whether %s is a file of this machine: %s", (given, local) => {
  expect(isLocalFile(given)).toBe(local);
});

it("uploads a file to a folder of the job's own, where jobs may read", async () => {
  const sent: Record<string, unknown>[] = [];
  const aws = s3(async (input) => {
    sent.push({ ...input, Body: await text(input.Body as Readable) });
  });
  expect(await uploadInput(aws, file, "wine-dev-1", "job-1")).toBe(
    "s3://wine-dev-1/scoring-input/job-1/houses.csv",
  );
  expect(sent).toEqual([
    expect.objectContaining({
      Bucket: "wine-dev-1",
      Key: "scoring-input/job-1/houses.csv",
      ContentLength: 8,
      Body: "1,2\n3,4\n",
    }),
  ]);
});

describe("the first predictions", () => {
  const of = (output: string, bytes = output.length) =>
    firstPredictions(
      s3(() => ({ Body: { transformToString: async () => output } })),
      "s3://wine-dev-1/scoring-output/job-1/",
      [{ key: "scoring-output/job-1/houses.csv.out", bytes }],
    );

  it("are five lines at most, each short enough for a terminal", async () => {
    expect(await of("1\n2\n3\n4\n5\n6\n")).toEqual(["1", "2", "3", "4", "5"]);
    expect(await of(`{"predictions": [${"1, ".repeat(200)}1]}`)).toEqual([
      expect.stringMatching(/^.{200}…$/),
    ]);
  });

  it("leave out a line that was cut off, and are none of an empty output", async () => {
    expect(await of("1.25\n2.7", 100_000)).toEqual(["1.25"]);
    expect(await of("", 0)).toEqual([]);
  });
});

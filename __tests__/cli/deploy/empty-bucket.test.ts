import type { Environment } from "../../../cli/account/environment";
import { environmentConfig } from "../../../cli/account/environment";
import { emptyBucket } from "../../../cli/deploy/empty-bucket";

/** An environment whose bucket has one version of each key. */
function withObjects(keys: string[], forceDestroy: boolean): Pick<Environment, "aws" | "name" | "config"> {
  const send = async (command: { input: { Prefix?: string; Delete?: { Objects: { Key: string }[] } } }) => {
    const { Prefix = "", Delete } = command.input;
    if (Delete === undefined) {
      return { Versions: keys.filter((key) => key.startsWith(Prefix)).map((Key) => ({ Key })) };
    }
    for (const { Key } of Delete.Objects) keys.splice(keys.indexOf(Key), 1);
    return {};
  };
  const aws = { s3: () => ({ send }) } as unknown as Environment["aws"];
  return { name: "dev", aws, config: { ...environmentConfig("dev"), forceDestroy } };
}

it("removes everything where forceDestroy is set, deployed or not", async () => {
  const keys = ["raw-data/a.csv", "code/a.tar.gz"];
  const reported: string[] = [];
  await emptyBucket(withObjects(keys, true), "bucket", (line) => reported.push(line));
  expect([keys, reported]).toEqual([[], ["Deleted 2 object versions"]]);
});

it("removes code of earlier deploys, and nothing else, without forceDestroy", async () => {
  const keys = ["code/before.tar.gz", "raw-data/late.csv"];
  await expect(emptyBucket(withObjects(keys, false), "bucket", () => {})).rejects.toThrow(
    "must be empty, but raw-data/late.csv was written meanwhile. Terraform has not destroyed anything",
  );
  expect(keys).toEqual(["raw-data/late.csv"]);
});

import { contentHash } from "../../source-files";
import { only, synth } from "../synthesized";

describe("a bundle of scripts", () => {
  const { pipeline } = synth();

  it("uploads the scripts under a key with their hash, packed when Terraform runs", () => {
    expect(only(pipeline, "aws_s3_object")).toMatchObject({
      key: `code/scripts-${contentHash("python/scripts")}.tar.gz`,
      source: expect.stringMatching(/^\$\{data\.archive_file\..*output_path\}$/),
    });
    const archives = Object.values(pipeline.data?.archive_file ?? {});
    expect(archives.map(({ type, source_dir }) => [type, source_dir]).sort()).toEqual([
      ["tar.gz", expect.stringMatching(/^\.\..*\/python\/scripts$/)],
      ["zip", expect.stringMatching(/^\.\..*\/lambda-src\/evaluate-model$/)],
      ["zip", expect.stringMatching(/^\.\..*\/lambda-src\/smoke-test$/)],
    ]);
    for (const archive of archives) {
      expect(archive).toMatchObject({
        output_file_mode: "0644",
        excludes: expect.arrayContaining(["**/.*"]),
      });
    }
  });
});

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import {
  CreateModelPackageCommand,
  DescribeModelPackageCommand,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";
import { prefixes } from "../../workflow/prefixes";
import type { Aws } from "../account/clients";
import { objectAt } from "../account/objects";
import { projectRoot } from "../paths";

const execute = promisify(execFile);

/** How a spoiled model responds: the inference modules in `python/rehearsal/`. */
const spoiledInference = { fails: "failing_inference.py", slow: "slow_inference.py" } as const;

/** Approves a version. */
export async function approveVersion(aws: Aws, ModelPackageArn: string): Promise<void> {
  const approve = new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: "Approved" });
  await aws.sagemaker().send(approve);
}

/** Registers an approved copy of a version with a spoiled model, and returns its ARN. */
export async function registerSpoiled(
  aws: Aws,
  python: string,
  versionArn: string,
  bad: keyof typeof spoiledInference,
): Promise<string> {
  const found = await aws.sagemaker().send(new DescribeModelPackageCommand({ ModelPackageName: versionArn }));
  const [container] = found.InferenceSpecification?.Containers ?? [];
  const artifact = objectAt(container?.ModelDataUrl as string);
  const entryPoint = container?.Environment?.SAGEMAKER_PROGRAM as string;
  const { Body } = await aws.s3().send(new GetObjectCommand(artifact));
  const model = await spoil(python, (await Body?.transformToByteArray()) as Uint8Array, entryPoint, bad);
  const Key = `${prefixes.modelArtifacts}rehearsal-${bad}/output/model.tar.gz`;
  const put = new PutObjectCommand({
    Bucket: artifact.Bucket,
    Key,
    Body: model,
    ChecksumAlgorithm: "SHA256",
  });
  const { ChecksumSHA256: modelSha256 = "" } = await aws.s3().send(put);
  const { ModelPackageArn } = await aws.sagemaker().send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: found.ModelPackageGroupName,
      ModelPackageDescription: `Rehearsal: a model that ${bad === "fails" ? bad : `is ${bad}`}`,
      InferenceSpecification: {
        ...found.InferenceSpecification,
        Containers: [{ ...container, ModelDataUrl: `s3://${artifact.Bucket}/${Key}` }],
      } as never,
      ModelMetrics: found.ModelMetrics,
      CustomerMetadataProperties: { ...found.CustomerMetadataProperties, modelSha256 },
      ModelApprovalStatus: "Approved",
    }),
  );
  return ModelPackageArn as string;
}

async function spoil(
  python: string,
  model: Uint8Array,
  entryPoint: string,
  bad: keyof typeof spoiledInference,
): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "rehearsal-"));
  try {
    const [before, after] = [join(folder, "model.tar.gz"), join(folder, "spoiled.tar.gz")];
    await writeFile(before, model);
    const scripts = resolve(projectRoot, "python/rehearsal");
    const script = join(scripts, "spoil_model.py");
    await execute(python, [script, before, entryPoint, join(scripts, spoiledInference[bad]), after]);
    return await readFile(after);
  } finally {
    await rm(folder, { recursive: true });
  }
}

import { objectArn } from "../arns";
import { jsonata } from "../asl/jsonata";
import type { TaskState } from "../asl/states";
import { catchAll } from "../failures";
import { allow, allowKey } from "../iam";
import { modelKeys, prefixes } from "../prefixes";
import type { Workflow } from "../settings";
import { artifactUrl, type Step, sdkTask, sha256In } from "../step";

/**
 * Copies the trained model to a prefix where neither jobs nor endpoints can write; S3 computes its SHA-256.
 *
 * From here on the copy is compared, registered, approved and deployed. The original could change, because every training
 * job may write to its prefix.
 *
 * A copy has a single part, so the checksum is that of the whole object. At most 5 GB.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export function keepModelStep(workflow: Workflow, next: string): Step {
  const { references } = workflow;
  const { bucketName, kmsKeyArn } = references;
  return {
    states: { KeepModel: keepModel(workflow, next) },
    policyStatements: [
      allow(
        ["s3:GetObject"],
        [objectArn(references, bucketName, `${prefixes.trainingOutput}*/output/model.tar.gz`)],
      ),
      allow(["s3:PutObject"], [objectArn(references, bucketName, modelKeys)]),
      ...allowKey(kmsKeyArn, ["kms:Decrypt", "kms:GenerateDataKey"]),
    ],
  };
}

function keepModel(workflow: Workflow, next: string): TaskState {
  const key = jsonata`${prefixes.modelArtifacts} & $trainingJobName & $copySuffix & "/output/model.tar.gz"`;
  const checksum = sha256In(jsonata`$states.result.CopyObjectResult`);
  return sdkTask(workflow, "s3", "copyObject", {
    Arguments: {
      Bucket: workflow.references.bucketName,
      CopySource: jsonata`$substringAfter($trainedModelUrl, "s3://")`,
      Key: key,
      ChecksumAlgorithm: "SHA256",
      // Copying the original's tags would need more permissions.
      TaggingDirective: "REPLACE",
    },
    Assign: {
      modelDataUrl: artifactUrl(workflow, jsonata`(${key})`),
      modelSha256: jsonata`($sha256 := ${checksum}; $exists($sha256) ? $sha256 : $error("S3 returned no SHA-256 of the model's copy"))`,
    },
    TimeoutSeconds: 900,
    Catch: [catchAll("KeepModel", "RegistrationFailed")],
    Next: next,
  });
}

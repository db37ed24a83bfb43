import { bucketArn, objectArn } from "../arns";
import { type Jsonata, jsonata } from "../asl/jsonata";
import { maxReads, waitForPackage } from "../asl/retries";
import { type ChoiceRule, type ChoiceState, type MapState, otherwise, type TaskState } from "../asl/states";
import { catchAll, caughtCause, failState } from "../failures";
import { allow, allowKey, type PolicyStatement } from "../iam";
import { prefixes } from "../prefixes";
import type { Workflow } from "../settings";
import { type Step, sdkTask, sha256In } from "../step";
import { packageArn } from "./resource-arns";

/**
 * Reads the model package version to release, and checks that it is complete and approved, and that its artifact and
 * metrics are those that were registered.
 *
 * Reads the variables `modelPackageArn` and `looks`, which starts at 0.
 */
export function packageStep(workflow: Workflow, next: string): Step {
  return {
    states: {
      ReadPackage: readPackage(workflow),
      PackageReady: packageReady,
      WaitForPackage: waitForPackage("ReadPackage"),
      FindArtifact: findArtifact(workflow),
      ArtifactFound: artifactFound,
      ReadFiles: readFiles(workflow),
      FilesUnchanged: filesUnchanged(next),
      PackageUnusable: failState(
        "PackageUnusable",
        jsonata`$merge([$failure, {"package": $modelPackageArn}])`,
      ),
    },
    policyStatements: permissions(workflow),
  };
}

function permissions(workflow: Workflow): PolicyStatement[] {
  const { bucketName, kmsKeyArn } = workflow.references;
  return [
    allow(["sagemaker:DescribeModelPackage"], [packageArn(workflow)]),
    allow(["s3:ListBucket"], [bucketArn(workflow.references, bucketName)], {
      conditions: { StringLike: { "s3:prefix": `${prefixes.modelArtifacts}*` } },
    }),
    allow(
      ["s3:GetObject"],
      [objectArn(workflow.references, bucketName, `${prefixes.modelArtifacts}*/output/*`)],
    ),
    // Reading the checksum of an encrypted object requires its key.
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    ...allowKey(kmsKeyArn, ["kms:Decrypt"]),
  ];
}

function readPackage(workflow: Workflow): TaskState {
  return sdkTask(workflow, "sagemaker", "describeModelPackage", {
    Arguments: { ModelPackageName: jsonata`$modelPackageArn` },
    Assign: {
      package: jsonata`{
        "version": $states.result.ModelPackageVersion,
        "status": $states.result.ModelPackageStatus,
        "approval": $states.result.ModelApprovalStatus,
        "measured": $exists($states.result.ModelMetrics.ModelQuality.Statistics.S3Uri),
        "metricsUrl": $states.result.ModelMetrics.ModelQuality.Statistics.S3Uri,
        "modelSha256": $states.result.CustomerMetadataProperties.modelSha256,
        "evaluationSha256": $states.result.CustomerMetadataProperties.evaluationSha256,
        "modelDataUrl": $states.result.InferenceSpecification.Containers[0].ModelDataUrl,
        "environment": $states.result.InferenceSpecification.Containers[0].Environment,
        "created": $toMillis($states.result.CreationTime)
      }`,
      looks: jsonata`$looks + 1`,
    },
    Catch: [catchAll("ReadPackage", "PackageUnusable")],
    Next: "PackageReady",
  });
}

const packageReady: ChoiceState = {
  Type: "Choice",
  Choices: [
    unusable(
      jsonata`$package.measured = false`,
      jsonata`$modelPackageArn & " must have model quality metrics, but has none"`,
    ),
    unusable(
      jsonata`$not($exists($package.modelSha256) and $exists($package.evaluationSha256))`,
      jsonata`$modelPackageArn & " was registered without the SHA-256 of its files, so they cannot be verified: train again"`,
    ),
    {
      Condition: jsonata`$package.status = "Completed" and $package.approval = "Approved"`,
      Next: "FindArtifact",
    },
    {
      Condition: jsonata`$package.status in ["Pending", "InProgress"] and $looks < ${maxReads}`,
      Next: "WaitForPackage",
    },
    otherwise(
      failure(
        "PackageReady",
        jsonata`$modelPackageArn & " is " & $package.status & " and " & $package.approval & ", not Completed and Approved"`,
      ),
      "PackageUnusable",
    ),
  ],
};

function unusable(Condition: Jsonata, reason: Jsonata): ChoiceRule {
  return { Condition, Assign: failure("PackageReady", reason), Next: "PackageUnusable" };
}

function findArtifact(workflow: Workflow): TaskState {
  const { bucketName } = workflow.references;
  return sdkTask(workflow, "s3", "listObjectsV2", {
    Comment: "Detects a missing artifact here, instead of minutes later in the endpoint.",
    Arguments: {
      Bucket: bucketName,
      Prefix: inBucket(bucketName, jsonata`$package.modelDataUrl`),
      MaxKeys: 1,
    },
    Assign: { artifacts: jsonata`$states.result.KeyCount` },
    Catch: [catchAll("FindArtifact", "PackageUnusable")],
    Next: "ArtifactFound",
  });
}

const artifactFound: ChoiceState = {
  Type: "Choice",
  Choices: [
    { Condition: jsonata`$artifacts > 0`, Next: "ReadFiles" },
    otherwise(
      {
        failure: jsonata`{"state": "FindArtifact", "reason": "The artifact " & $package.modelDataUrl & " no longer exists"}`,
      },
      "PackageUnusable",
    ),
  ],
};

function readFiles(workflow: Workflow): MapState {
  return {
    Type: "Map",
    Comment: "S3 stores the SHA-256 of an object if its upload requested it.",
    Items: jsonata`[
      {"url": $package.modelDataUrl, "registered": $package.modelSha256},
      {"url": $package.metricsUrl, "registered": $package.evaluationSha256}
    ]`,
    ItemProcessor: {
      ProcessorConfig: { Mode: "INLINE" },
      StartAt: "ReadFile",
      States: { ReadFile: readFile(workflow), FileUnreadable: { Type: "Pass", End: true } },
    },
    Assign: { files: jsonata`[$states.result]` },
    Catch: [catchAll("ReadFiles", "PackageUnusable")],
    Next: "FilesUnchanged",
  };
}

function readFile(workflow: Workflow): TaskState {
  const { bucketName } = workflow.references;
  return sdkTask(workflow, "s3", "headObject", {
    Arguments: {
      Bucket: bucketName,
      Key: inBucket(bucketName, jsonata`$states.input.url`),
      ChecksumMode: "ENABLED",
    },
    Output: jsonata`(
      $found := ${sha256In(jsonata`$states.result`)};
      {
        "url": $states.input.url,
        "registered": $states.input.registered,
        "found": $exists($found) ? $found : "none"
      }
    )`,
    Catch: [
      {
        ErrorEquals: ["States.ALL"],
        Output: jsonata`{
          "url": $states.input.url,
          "registered": $states.input.registered,
          "found": "unknown (" & (${caughtCause}) & ")"
        }`,
        Next: "FileUnreadable",
      },
    ],
    End: true,
  });
}

/** JSONata: the key of an S3 address in the artifact bucket. */
function inBucket(bucketName: string, url: Jsonata): Jsonata {
  return jsonata`$substringAfter(${url}, ${`s3://${bucketName}/`})`;
}

function filesUnchanged(next: string): ChoiceState {
  return {
    Type: "Choice",
    Choices: [
      { Condition: jsonata`$count($files[found != registered]) = 0`, Next: next },
      otherwise(
        failure(
          "FilesUnchanged",
          jsonata`$join($files[found != registered].(
            "the SHA-256 of " & url & " must be " & registered & ", as registered, got " & found
          ), "; ") & ": restore the registered version of the object, or release another model version"`,
        ),
        "PackageUnusable",
      ),
    ],
  };
}

function failure(state: string, reason: Jsonata) {
  return {
    failure: jsonata`{
      "state": ${state},
      "reason": ${reason}
    }`,
  };
}

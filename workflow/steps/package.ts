import { arn, bucketArn, objectArn } from "../arns";
import { s3Retry, sageMakerRetry } from "../asl/retries";
import { jsonata, literal, otherwise } from "../asl/states";
import { catchAll, caughtCause, failState } from "../failures";
import { allow, allowKey } from "../iam";
import { baseName } from "../names";
import { prefixes, type Workflow } from "../settings";
import { type Step, sdkCall, sha256In } from "../step";

const maxLooks = 60;

/**
 * Reads the model package version that is to be released: is it complete and approved, and are its artifact and metrics
 * those that were registered?
 *
 * Reads the variables `modelPackageArn` and `looks`, which starts at 0.
 */
export function packageStep(workflow: Workflow, next: string): Step {
  const { settings, references } = workflow;
  const { bucketName, kmsKeyArn } = references;
  const inBucket = (url: string) => `$substringAfter(${url}, ${literal(`s3://${bucketName}/`)})`;
  return {
    states: {
      ReadPackage: {
        Type: "Task",
        Resource: sdkCall(workflow, "sagemaker", "describeModelPackage"),
        Arguments: { ModelPackageName: jsonata("$modelPackageArn") },
        Assign: {
          package: jsonata(`{
            "version": $states.result.ModelPackageVersion,
            "status": $states.result.ModelPackageStatus,
            "approval": $states.result.ModelApprovalStatus,
            "measured": $exists($states.result.ModelMetrics.ModelQuality.Statistics.S3Uri),
            "metricsUrl": $states.result.ModelMetrics.ModelQuality.Statistics.S3Uri,
            "modelSha256": $states.result.CustomerMetadataProperties.modelSha256,
            "evaluationSha256": $states.result.CustomerMetadataProperties.evaluationSha256,
            "modelDataUrl": $states.result.InferenceSpecification.Containers[0].ModelDataUrl,
            "environment": $states.result.InferenceSpecification.Containers[0].Environment,
            "created": $string($states.result.CreationTime)
          }`),
          looks: jsonata("$looks + 1"),
        },
        TimeoutSeconds: 60,
        Retry: sageMakerRetry,
        Catch: [catchAll("ReadPackage", "PackageUnusable")],
        Next: "PackageReady",
      },
      PackageReady: {
        Type: "Choice",
        Choices: [
          {
            Condition: jsonata("$package.measured = false"),
            Assign: {
              failure: jsonata(`{
                "state": "PackageReady",
                "reason": $modelPackageArn & " has no model quality metrics: nobody can have judged it"
              }`),
            },
            Next: "PackageUnusable",
          },
          {
            Condition: jsonata("$not($exists($package.modelSha256) and $exists($package.evaluationSha256))"),
            Assign: {
              failure: jsonata(`{
                "state": "PackageReady",
                "reason": $modelPackageArn & " was registered without the SHA-256 of its files: nobody can tell whether they are those that were approved. Train again"
              }`),
            },
            Next: "PackageUnusable",
          },
          {
            Condition: jsonata('$package.status = "Completed" and $package.approval = "Approved"'),
            Next: "FindArtifact",
          },
          {
            Condition: jsonata(`$package.status in ["Pending", "InProgress"] and $looks < ${maxLooks}`),
            Next: "WaitForPackage",
          },
          otherwise(
            {
              failure: jsonata(`{
            "state": "PackageReady",
            "reason": $modelPackageArn & " is " & $package.status & " and " & $package.approval & ", not Completed and Approved"
          }`),
            },
            "PackageUnusable",
          ),
        ],
      },
      WaitForPackage: { Type: "Wait", Seconds: 5, Next: "ReadPackage" },
      FindArtifact: {
        Type: "Task",
        Comment: "A model whose artifact is gone is found here, not by an endpoint after minutes.",
        Resource: sdkCall(workflow, "s3", "listObjectsV2"),
        Arguments: { Bucket: bucketName, Prefix: jsonata(inBucket("$package.modelDataUrl")), MaxKeys: 1 },
        Assign: { artifacts: jsonata("$states.result.KeyCount") },
        TimeoutSeconds: 60,
        Retry: s3Retry,
        Catch: [catchAll("FindArtifact", "PackageUnusable")],
        Next: "ArtifactFound",
      },
      ArtifactFound: {
        Type: "Choice",
        Choices: [
          { Condition: jsonata("$artifacts > 0"), Next: "ReadFiles" },
          otherwise(
            {
              failure: jsonata(
                '{"state": "FindArtifact", "reason": "The artifact " & $package.modelDataUrl & " is gone"}',
              ),
            },
            "PackageUnusable",
          ),
        ],
      },
      ReadFiles: {
        Type: "Map",
        Comment: "S3 keeps the SHA-256 of what it stores, where the upload asked for one.",
        Items: jsonata(`[
          {"url": $package.modelDataUrl, "registered": $package.modelSha256},
          {"url": $package.metricsUrl, "registered": $package.evaluationSha256}
        ]`),
        ItemProcessor: {
          ProcessorConfig: { Mode: "INLINE" },
          StartAt: "ReadFile",
          States: {
            ReadFile: {
              Type: "Task",
              Resource: sdkCall(workflow, "s3", "headObject"),
              Arguments: {
                Bucket: bucketName,
                Key: jsonata(inBucket("$states.input.url")),
                ChecksumMode: "ENABLED",
              },
              Output: jsonata(`(
                $found := ${sha256In("$states.result")};
                {
                  "url": $states.input.url,
                  "registered": $states.input.registered,
                  "found": $exists($found) ? $found : "none"
                }
              )`),
              TimeoutSeconds: 60,
              Retry: s3Retry,
              Catch: [
                {
                  ErrorEquals: ["States.ALL"],
                  Output: jsonata(`{
                    "url": $states.input.url,
                    "registered": $states.input.registered,
                    "found": "unknown (" & (${caughtCause}) & ")"
                  }`),
                  Next: "FileUnreadable",
                },
              ],
              End: true,
            },
            FileUnreadable: { Type: "Pass", End: true },
          },
        },
        Assign: { files: jsonata("[$states.result]") },
        Catch: [catchAll("ReadFiles", "PackageUnusable")],
        Next: "FilesUnchanged",
      },
      FilesUnchanged: {
        Type: "Choice",
        Choices: [
          { Condition: jsonata("$count($files[found != registered]) = 0"), Next: next },
          otherwise(
            {
              failure: jsonata(`{
                "state": "FilesUnchanged",
                "reason": $join($files[found != registered].(
                  url & " is not what was registered: its SHA-256 is " & found & ", registered was " & registered
                ), "; ") & ". Put back the object's version that was registered, or release another version"
              }`),
            },
            "PackageUnusable",
          ),
        ],
      },
      PackageUnusable: failState("PackageUnusable", '$merge([$failure, {"package": $modelPackageArn}])'),
    },
    policyStatements: [
      allow(
        ["sagemaker:DescribeModelPackage"],
        [arn(workflow.references, "sagemaker", `model-package/${baseName(settings)}/*`)],
      ),
      allow(["s3:ListBucket"], [bucketArn(references, bucketName)], {
        conditions: { StringLike: { "s3:prefix": `${prefixes.modelArtifacts}*` } },
      }),
      allow(
        ["s3:GetObject"],
        [objectArn(workflow.references, bucketName, `${prefixes.modelArtifacts}*/output/*`)],
      ),
      // The checksum of an encrypted object is read with its key.
      // https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
      ...allowKey(kmsKeyArn, ["kms:Decrypt"]),
    ],
  };
}

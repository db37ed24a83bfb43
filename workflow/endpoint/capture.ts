/** Captured requests and responses of an endpoint on instances, as plain data. */

import type { JsonObject } from "../asl/jsonata";
import { mediaTypes } from "../media-types";
import { prefixes } from "../prefixes";

/** The capture in the props. */
export interface CaptureProps {
  /** The share of requests to capture, in percent: 1 to 100. */
  readonly percentage: number;
  /**
   * Where in the artifact bucket; ends with `/`.
   *
   * @default "data-capture/"
   */
  readonly prefix?: string;
  /**
   * Days after which captured requests are deleted.
   *
   * @default 90
   */
  readonly retentionInDays?: number;
}

export type CaptureSettings = Required<CaptureProps>;

/** The start of the inference ids of test requests: the smoke test's, in `lambda-src/smoke-test/`, and those of the commands. */
export const testIdPrefix = "smoke-test-";

/** Captured files may not be mixed with what the workflow itself writes or reads. */
const reserved = Object.entries(prefixes).flatMap(([name, prefix]) =>
  name === "dataCapture" ? [] : [prefix],
);

/**
 * Fills in the defaults.
 *
 * @throws Error that names the prop if a value is invalid
 * @see https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataCaptureConfig.html
 */
export function captureSettings({
  percentage,
  prefix = prefixes.dataCapture,
  retentionInDays = 90,
}: CaptureProps): CaptureSettings {
  if (!Number.isInteger(percentage) || percentage < 1 || percentage > 100) {
    throw new Error(
      `endpoint.capture.percentage must be a whole number from 1 to 100, got ${percentage}: to capture nothing, leave capture out`,
    );
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9/_.-]*\/$/.test(prefix)) {
    throw new Error(
      `endpoint.capture.prefix must be letters, digits and / _ . -, and end with /, got "${prefix}"`,
    );
  }
  const other = reserved.find((one) => one.startsWith(prefix) || prefix.startsWith(one));
  if (other !== undefined) {
    throw new Error(
      `endpoint.capture.prefix must not overlap ${other} of the artifact bucket, got "${prefix}"`,
    );
  }
  if (!Number.isInteger(retentionInDays) || retentionInDays < 1) {
    throw new Error(
      `endpoint.capture.retentionInDays must be a whole number of 1 or more, got ${retentionInDays}`,
    );
  }
  return { percentage, prefix, retentionInDays };
}

/**
 * Checks that raw data does not expire with captured requests.
 *
 * @param rawData the prefix of raw data in the artifact bucket
 * @throws Error that names both
 */
export function checkRawData({ prefix }: CaptureSettings, rawData: string): void {
  if (!rawData.startsWith(prefix) && !prefix.startsWith(rawData)) return;
  throw new Error(
    `data.prefix must not overlap endpoint.capture.prefix, whose objects expire, got "${rawData}" and "${prefix}"`,
  );
}

/** The media types whose data is captured as text; that of all others is base64. SageMaker takes no parameters here. */
const capturedAsText = {
  CsvContentTypes: [mediaTypes.csv],
  JsonContentTypes: [mediaTypes.json, "application/jsonlines"],
};

/** The capture in the request of an endpoint configuration. */
export function dataCaptureConfig(
  { percentage, prefix }: CaptureSettings,
  { bucketName, kmsKeyArn }: { readonly bucketName: string; readonly kmsKeyArn?: string },
): JsonObject {
  return {
    EnableCapture: true,
    InitialSamplingPercentage: percentage,
    DestinationS3Uri: `s3://${bucketName}/${prefix.replace(/\/$/, "")}`,
    ...(kmsKeyArn !== undefined && { KmsKeyId: kmsKeyArn }),
    CaptureOptions: [{ CaptureMode: "Input" }, { CaptureMode: "Output" }],
    CaptureContentTypeHeader: capturedAsText,
  };
}

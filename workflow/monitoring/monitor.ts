/** The monitor of captured traffic as plain data: its props, and their defaults. */

import { captureOf, type EndpointSettings } from "../endpoint/kinds";
import { atLeastOne, type JobProps } from "../job-props";
import type { JobSettings, MonitorSettings } from "../settings";

/** The props of the monitor. */
export interface MonitorProps extends JobProps, MonitoredWindow {
  /**
   * Additional arguments of the script, such as tolerances.
   *
   * @default - none
   */
  readonly arguments?: readonly string[];
}

/** What one run of the monitor judges. */
export interface MonitoredWindow {
  /**
   * The requests of how many hours are judged: 1 to 118.
   *
   * @default 24
   */
  readonly windowInHours?: number;
  /**
   * How long after its end a window is judged: captured requests arrive within minutes. Longer if labels come later and
   * quality shall be judged.
   *
   * @default 15
   */
  readonly delayInMinutes?: number;
}

/** The namespace of the monitor's metrics in CloudWatch; their dimension is the endpoint. */
export const monitorNamespace = "SageMakerWorkflow/Monitor";

/** The metrics that monitor.py puts, at most. */
export const monitorMetrics = [
  ...["Alarm", "Requests", "Rows", "UnreadableRecords", "RefusedShare"],
  ...["DriftedFeatures", "LargestFeatureEffect", "SlowlyDriftingColumns", "PredictionEffect"],
  ...["LabelledPredictions", "Quality", "QualityLoss"],
] as const;

/** Fills in the defaults of what one run judges. */
export function monitoredWindow({ windowInHours = 24, delayInMinutes = 15 }: MonitoredWindow) {
  return { windowInHours, delayInMinutes } as const;
}

const hour = 3_600_000;
const day = 24 * hour;

/** Captured folders that one job can read, next to its model, code, labels and earlier report: SageMaker's limit is ten inputs. */
const mostFolders = 6;

/**
 * How the folders of a window are chosen. They begin before it and end after it, because no page of AWS says whose hour
 * the folder of a file is: that of its requests or that of its writing.
 */
export const folderRules = {
  hour,
  day,
  margin: hour,
  /** The longest window whose folders are those of its hours; of a longer one they are those of its days. */
  hourlyUpTo: (mostFolders - 1) * hour - 2 * hour,
} as const;

/** The longest window, in hours: it may begin within a day. */
export const longestWindowInHours = (mostFolders - 1) * 24 - 2;

/** Until then the script takes a window for one whose files still arrive. */
const shortestDelayInMinutes = 10;

/**
 * Fills in the defaults.
 *
 * @returns undefined if the endpoint captures nothing
 * @throws Error that names the prop if a value is invalid
 */
export function monitorSettings(
  props: MonitorProps,
  job: JobSettings,
  endpoint: EndpointSettings,
): MonitorSettings | undefined {
  const { windowInHours, delayInMinutes } = monitoredWindow(props);
  if (atLeastOne("monitor.windowInHours", windowInHours) > longestWindowInHours) {
    throw new Error(
      `monitor.windowInHours must be at most ${longestWindowInHours}, got ${windowInHours}: a job reads at most ten inputs`,
    );
  }
  if (atLeastOne("monitor.delayInMinutes", delayInMinutes) < shortestDelayInMinutes) {
    throw new Error(
      `monitor.delayInMinutes must be at least ${shortestDelayInMinutes}, got ${delayInMinutes}: captured requests arrive within minutes`,
    );
  }
  const capture = captureOf(endpoint);
  if (capture === undefined) return undefined;
  return {
    ...job,
    capturePrefix: capture.prefix,
    arguments: props.arguments ?? [],
    windowInHours,
    delayInMinutes,
  };
}

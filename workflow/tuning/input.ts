/** What an execution's input may say about the tuning: nothing beyond what is deployed. */

import { type Jsonata, type JsonObject, jsonata } from "../asl/jsonata";
import type { TuningSettings } from "./props";
import { parameterRanges, rangeText, type TuningRange } from "./ranges";

/** The tuning in an execution's input; `false` trains once, with the hyperparameters as they are. */
export type TuningInput =
  | false
  | {
      /** Training jobs in all. */
      readonly MaxJobs?: number;
      /** Narrower ranges, by the name of the hyperparameter. */
      readonly Ranges?: Readonly<
        Record<
          string,
          | { readonly Min?: number; readonly Max?: number }
          | { readonly Values?: readonly (string | number | boolean)[] }
        >
      >;
    };

/** What the bounds of a deployed tuning are. */
export type TuningBounds = Pick<TuningSettings, "ranges" | "strategy" | "maxJobs">;

/** The valid values, as the end of the sentence "Tuning must be …". */
export function expectedTuning(bounds: TuningBounds | undefined): string {
  if (bounds === undefined) {
    return "false, or an object with `MaxJobs` and `Ranges` within those of the deployed tuning (docs/tuning.md)";
  }
  const { ranges, strategy, maxJobs } = bounds;
  const jobs = strategy === "grid" ? "" : `MaxJobs, a whole number from 1 to ${maxJobs}, and `;
  const within = Object.entries(ranges).map(([name, range]) => `${name} ${rangeText(range)}`);
  return `false, or an object with ${jobs}Ranges, each with two values or more within the deployed ones: ${within.join("; ")}`;
}

/** JSONata predicate on `$value`; it never throws for any value. */
export function validTuning(bounds: TuningBounds): Jsonata {
  const keys = bounds.strategy === "grid" ? ["Ranges"] : ["MaxJobs", "Ranges"];
  return jsonata`$type($value) = "boolean" ? $value = false : $type($value) = "object" ? (
    $jobs := $lookup($value, "MaxJobs");
    $given := $lookup($value, "Ranges");
    $count($keys($value)[$not($ in ${keys})]) = 0
      and ($exists($jobs) ? (${validJobs(bounds.maxJobs)}) : true)
      and ($exists($given) ? (${validRanges(bounds)}) : true)
  ) : false`;
}

function validJobs(most: number): Jsonata {
  return jsonata`$type($jobs) = "number" ? $jobs >= 1 and $jobs <= ${most} and $floor($jobs) = $jobs : false`;
}

function validRanges({ ranges }: TuningBounds): Jsonata {
  const deployed = Object.fromEntries(Object.entries(ranges).map(([name, range]) => [name, bound(range)]));
  return jsonata`$type($given) = "object" ? (
    $deployed := ${deployed};
    $valid := function($range, $name) {(
      $bound := $lookup($deployed, $name);
      $not($exists($bound)) or $type($range) != "object" ? false :
      $exists($bound.values) ? (${validCategories}) : (${validNumbers})
    )};
    $count($each($given, $valid)[$not($)]) = 0
  ) : false`;
}

function bound(range: TuningRange): JsonObject {
  if (range.kind === "categorical") return { values: range.values.map(String) };
  return { low: range.min, high: range.max, whole: range.kind === "integer" };
}

/** JSONata: whether `$range` lists two or more of the deployed values. */
const validCategories = jsonata`(
  $values := $lookup($range, "Values");
  $type($values) = "array" and $count($keys($range)[$ != "Values"]) = 0 ? (
    $texts := [$values.$string($)];
    $count($texts[$not($ in $bound.values)]) = 0
      and $count($distinct($texts)) = $count($texts)
      and $count($texts) > 1
  ) : false
)`;

/** JSONata: whether `$range` has two or more of the deployed numbers. */
const validNumbers = jsonata`(
  $low := $exists($range.Min) ? $lookup($range, "Min") : $bound.low;
  $high := $exists($range.Max) ? $lookup($range, "Max") : $bound.high;
  $count($keys($range)[$not($ in ["Min", "Max"])]) > 0 ? false :
  $type($low) != "number" or $type($high) != "number" ? false :
  $bound.whole and ($floor($low) != $low or $floor($high) != $high) ? false :
  $low >= $bound.low and $high <= $bound.high and $low < $high
)`;

/** JSONata: whether an execution tunes, and with which jobs and ranges, from its valid input `given`. */
export function tuningOf(given: Jsonata, settings: TuningSettings): Jsonata {
  const { IntegerParameterRanges, ContinuousParameterRanges, CategoricalParameterRanges } = parameterRanges(
    settings.ranges,
  );
  return jsonata`(
    $given := $type(${given}) = "object" ? ${given} : {};
    $ranges := $exists($given.Ranges) ? $given.Ranges : {};
    $narrowed := function($range) {(
      $own := $lookup($ranges, $range.Name);
      $merge([
        $range,
        $exists($own.Min) ? {"MinValue": $string($own.Min)} : {},
        $exists($own.Max) ? {"MaxValue": $string($own.Max)} : {},
        $exists($own.Values) ? {"Values": [$own.Values.$string($)]} : {}
      ])
    )};
    $integers := [$map(${IntegerParameterRanges}, $narrowed)];
    $continuous := [$map(${ContinuousParameterRanges}, $narrowed)];
    $categories := [$map(${CategoricalParameterRanges}, $narrowed)];
    {
      "on": $not($type(${given}) = "boolean"),
      "jobs": ${jobs(settings)},
      "ranges": {
        "IntegerParameterRanges": $integers,
        "ContinuousParameterRanges": $continuous,
        "CategoricalParameterRanges": $categories
      }
    }
  )`;
}

/** JSONata: no more jobs than there are combinations of values, because SageMaker refuses more. */
function jobs({ strategy, maxJobs }: TuningSettings): Jsonata {
  const sizes = jsonata`$append(
    $integers.($number(MaxValue) - $number(MinValue) + 1),
    $categories.$count(Values)
  )`;
  const possible = jsonata`$count($continuous) > 0 ? ${maxJobs} : $reduce(${sizes}, function($a, $b) { $a * $b }, 1)`;
  if (strategy === "grid") return possible;
  return jsonata`$min([$exists($given.MaxJobs) ? $given.MaxJobs : ${maxJobs}, ${possible}])`;
}

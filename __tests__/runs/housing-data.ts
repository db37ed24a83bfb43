const features = [
  "MedInc",
  "HouseAge",
  "AveRooms",
  "AveBedrms",
  "Population",
  "AveOccup",
  "Latitude",
  "Longitude",
];

/** A small data set of the recipe's schema whose target follows from its features: the same on every machine. */
export function housingCsv(rows: number, seed: number): string {
  let state = seed;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  const lines = Array.from({ length: rows }, () => {
    const values = features.map(() => random() * 10);
    const target = (values[0] as number) * 0.4 + (values[5] as number) * 0.1 + random() * 0.2;
    return [...values, target].map((value) => value.toFixed(4)).join(",");
  });
  return [[...features, "target"].join(","), ...lines, ""].join("\n");
}

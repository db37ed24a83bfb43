import { suggestion } from "../../configuration/suggest";

const environments = ["local", "dev", "staging", "prod"];

it.each([
  ["loca", "local"],
  ["deev", "dev"],
  ["dve", "dev"],
  ["Prod", "prod"],
  ["stagign", "staging"],
])("takes %s for %s", (given, meant) => {
  expect(suggestion(given, environments)).toBe(`; did you mean ${meant}?`);
});

it.each(["nowhere", "production-eu", ""])("suggests nothing for %j", (given) => {
  expect(suggestion(given, environments)).toBe("");
});

import { shortNumber, signedNumber } from "../../../cli/terminal/number";

it.each([
  [63.811840955307986, "63.81"],
  [0.77384999, "0.7738"],
  [0.00001234567, "0.00001235"],
  [8, "8"],
  [16512, "16512"],
  [16512.4, "16512"],
  [-1234567.8, "-1234568"],
  [0, "0"],
])("%d is shown as %s", (value, text) => {
  expect(shortNumber(value)).toBe(text);
});

it.each([
  [0.70001, 0.7, "0.70001"],
  [0.700001234, 0.7, "0.700001"],
  [0.7, 0.7, "0.7"],
  [0.77384, 0.7, "0.7738"],
])("%d is shown so that it differs from its threshold %d: %s", (value, threshold, text) => {
  expect(shortNumber(value, threshold)).toBe(text);
});

it.each([
  [0.0123456, "+0.01235"],
  [-0.5, "-0.5"],
  [0, "0"],
])("the difference %d is shown as %s", (value, text) => {
  expect(signedNumber(value)).toBe(text);
});
